// Chooses the widest kernels that this processor can run.
#include <cstring>

#include "kernels.hpp"

namespace avatar {

#if defined(__x86_64__)
extern const Kernels kKernels_sse2, kKernels_avx2, kKernels_avx512;

static const Kernels* const kAll[] = {&kKernels_avx512, &kKernels_avx2, &kKernels_sse2};

static bool runs(const Kernels& k) {
    __builtin_cpu_init();
    if (&k == &kKernels_sse2) return true;
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                      __builtin_cpu_supports("bmi2");
    if (&k == &kKernels_avx2) return avx2;
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
extern const Kernels kKernels_generic;

static const Kernels* const kAll[] = {&kKernels_generic};

static bool runs(const Kernels&) { return true; }
#endif

const Kernels& best_kernels() {
    for (const Kernels* k : kAll)
        if (runs(*k)) return *k;
    return **(kAll + sizeof(kAll) / sizeof(kAll[0]) - 1);
}

const Kernels* kernels_by_name(const char* name) {
    for (const Kernels* k : kAll)
        if (std::strcmp(k->name, name) == 0 && runs(*k)) return k;
    return nullptr;
}

}  // namespace avatar
