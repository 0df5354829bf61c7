// Memory of a megabyte and more that every frame is drawn in. A tile has a row in each of 128 pages of 4 KiB, more than a
// processor keeps addresses of, and inside a virtual machine each look-up is dear: pages of 2 MiB where the system has them.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace avatar {

constexpr size_t kWidePage = size_t{1} << 21, kWorthIt = size_t{1} << 20, kLine = 64;

inline void* allocate_wide(size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (bytes >= kWorthIt) {
        void* const place = ::operator new(bytes, std::align_val_t{kWidePage});
        madvise(place, bytes / kWidePage * kWidePage, MADV_HUGEPAGE);  // a wish: without it everything works as well
        return place;
    }
#endif
    return ::operator new(bytes, std::align_val_t{kLine});
}

inline void free_wide(void* place, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (bytes >= kWorthIt) return ::operator delete(place, std::align_val_t{kWidePage});
#endif
    ::operator delete(place, std::align_val_t{kLine});
}

// For containers.
template <class T>
struct WideAllocator {
    using value_type = T;
    WideAllocator() = default;
    template <class U>
    WideAllocator(const WideAllocator<U>&) {}
    T* allocate(size_t count) { return static_cast<T*>(allocate_wide(count * sizeof(T))); }
    void deallocate(T* place, size_t count) { free_wide(place, count * sizeof(T)); }
    template <class U>
    bool operator==(const WideAllocator<U>&) const {
        return true;
    }
    template <class U>
    bool operator!=(const WideAllocator<U>&) const {
        return false;
    }
};

template <class T>
using Wide = std::vector<T, WideAllocator<T>>;

}  // namespace avatar
