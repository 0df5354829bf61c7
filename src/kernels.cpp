// The inner loops. Compiled once per instruction set (AVATAR_ISA names it); nothing here may be shared between
// the copies, so everything but the table lives in an unnamed namespace and no library template is used.
#include "kernels.hpp"

#include "kernel_blend.hpp"
#include "kernel_project.hpp"

namespace avatar {

extern const Kernels AVATAR_KERNELS;
const Kernels AVATAR_KERNELS = {AVATAR_ISA, project, blend};

}  // namespace avatar
