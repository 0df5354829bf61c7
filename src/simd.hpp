// Width-agnostic SIMD on the compiler's vector types: the same source becomes NEON, SSE, AVX2 or AVX-512.
#pragma once

#include <cstdint>
#include <cstring>

#ifndef AVATAR_SIMD_WIDTH
#define AVATAR_SIMD_WIDTH 4
#endif

namespace {  // every ISA gets its own copy: the linker must never merge them

constexpr int W = AVATAR_SIMD_WIDTH;
typedef float VF __attribute__((vector_size(4 * W)));
typedef int32_t VI __attribute__((vector_size(4 * W)));
typedef uint32_t VU __attribute__((vector_size(4 * W)));  // for bits that run over: a signed sum must not
typedef float VFU __attribute__((vector_size(4 * W), aligned(4)));
typedef int32_t VIU __attribute__((vector_size(4 * W), aligned(4)));

inline VF splat(float x) { return VF{} + x; }
inline VF load(const float* p) { return *reinterpret_cast<const VFU*>(p); }
inline void store(float* p, VF v) { *reinterpret_cast<VFU*>(p) = v; }
inline VF as_float(VI v) { return reinterpret_cast<VF>(v); }
inline VI as_int(VF v) { return reinterpret_cast<VI>(v); }
inline VU as_bits(VF v) { return reinterpret_cast<VU>(v); }
inline VI to_int(VF v) { return __builtin_convertvector(v, VI); }  // truncates
inline VF to_float(VI v) { return __builtin_convertvector(v, VF); }
inline VF vmin(VF a, VF b) { return a < b ? a : b; }
inline VF vmax(VF a, VF b) { return a > b ? a : b; }
inline VF keep_if(VI mask, VF v) { return as_float(as_int(v) & mask); }

inline VF iota() {
    VF v;
    for (int i = 0; i < W; ++i) v[i] = static_cast<float>(i);
    return v;
}

inline VF vsqrt(VF v) {
    VF out;
    for (int i = 0; i < W; ++i) out[i] = __builtin_sqrtf(v[i]);
    return out;
}

// Whether any lane of a comparison's result is set.
inline bool any(VI mask) {
    uint64_t words[W / 2];
    std::memcpy(words, &mask, sizeof(mask));
    uint64_t all = 0;
    for (int i = 0; i < W / 2; ++i) all |= words[i];
    return all != 0;
}

// 2^x to 2e-7 relative for x in [-126, 126]; at or below -126 it returns 0.
// Minimax polynomial on [-0.5, 0.5] after splitting off the integer (added to the exponent bits).
inline VF exp2v(VF x) {
    constexpr float magic = 12582912.0f;  // 1.5 · 2^23: adding it rounds to an integer
    VF shifted = x + magic;
    VF f = x - (shifted - magic);
    VF p = splat(1.3333558e-3f);
    p = p * f + 9.6181291e-3f;
    p = p * f + 5.5504109e-2f;
    p = p * f + 2.4022651e-1f;
    p = p * f + 6.9314718e-1f;
    p = p * f + 1.0f;
    VU scaled = as_bits(p) + (as_bits(shifted) << 23);
    return keep_if(x > -126.0f, reinterpret_cast<VF>(scaled));
}

}  // namespace
