// Width-agnostic SIMD on the compiler's vector types: the same source becomes NEON, SSE, AVX2 or AVX-512. What compilers
// make poor code of has a few lines by hand.
#pragma once

#include <cstdint>
#include <cstring>

#ifndef AVATAR_SIMD_WIDTH
#define AVATAR_SIMD_WIDTH 4
#endif

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

namespace {  // every ISA gets its own copy: the linker must never merge them

constexpr int W = AVATAR_SIMD_WIDTH;
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kRegisters = 32;
#else
constexpr int kRegisters = 16;
#endif
typedef float VF __attribute__((vector_size(4 * W)));
typedef int32_t VI __attribute__((vector_size(4 * W)));
typedef uint32_t VU __attribute__((vector_size(4 * W)));  // for bits that run over: a signed sum must not
typedef float VFU __attribute__((vector_size(4 * W), aligned(4), may_alias));
typedef int32_t VIU __attribute__((vector_size(4 * W), aligned(4), may_alias));

#if defined(__AVX512F__)
inline VF splat(float x) { return _mm512_set1_ps(x); }
#elif defined(__AVX2__)
inline VF splat(float x) { return _mm256_set1_ps(x); }
#elif defined(__SSE2__)
inline VF splat(float x) { return _mm_set1_ps(x); }
#elif defined(__aarch64__)
inline VF splat(float x) { return vdupq_n_f32(x); }
#elif defined(__wasm_simd128__)
inline VF splat(float x) { return x - VF{}; }  // 0 + x would be added up: it is not x where x is -0
#else
inline VF splat(float x) { return VF{} + x; }
#endif

inline VF load(const float* p) { return *reinterpret_cast<const VFU*>(p); }
inline void store(float* p, VF v) { *reinterpret_cast<VFU*>(p) = v; }
inline VI load_bits(const void* p) { return *reinterpret_cast<const VIU*>(p); }
inline void store_bits(void* p, VI v) { *reinterpret_cast<VIU*>(p) = v; }
inline VF as_float(VI v) { return reinterpret_cast<VF>(v); }
inline VI as_int(VF v) { return reinterpret_cast<VI>(v); }
inline VU as_bits(VF v) { return reinterpret_cast<VU>(v); }
inline VI to_int(VF v) { return __builtin_convertvector(v, VI); }  // truncates
inline VF to_float(VI v) { return __builtin_convertvector(v, VF); }
inline VF keep_if(VI mask, VF v) { return as_float(as_int(v) & mask); }

// Where one of the two is not a number, the second one.
#if defined(__AVX512F__)
inline VF vmin(VF a, VF b) { return _mm512_min_ps(a, b); }
inline VF vmax(VF a, VF b) { return _mm512_max_ps(a, b); }
#elif defined(__wasm_simd128__)
// By hand: one instruction for a comparison and a choice, and one for four roots, which the compiler does not find.
struct Quarters {
    v128_t at[W / 4];
};

template <class Operation>
inline VF by_quarters(VF a, VF b, Operation operation) {
    Quarters x, y;
    std::memcpy(&x, &a, sizeof(a)), std::memcpy(&y, &b, sizeof(b));
    for (int i = 0; i < W / 4; ++i) x.at[i] = operation(x.at[i], y.at[i]);
    std::memcpy(&a, &x, sizeof(a));
    return a;
}

inline VF vmin(VF a, VF b) {
    return by_quarters(a, b, [](v128_t x, v128_t y) { return wasm_f32x4_pmin(y, x); });
}
inline VF vmax(VF a, VF b) {
    return by_quarters(a, b, [](v128_t x, v128_t y) { return wasm_f32x4_pmax(y, x); });
}
#else
inline VF vmin(VF a, VF b) { return a < b ? a : b; }
inline VF vmax(VF a, VF b) { return a > b ? a : b; }
#endif

inline VF iota() {
    VF v;
    for (int i = 0; i < W; ++i) v[i] = static_cast<float>(i);
    return v;
}

inline VF vsqrt(VF v) {
#if defined(__wasm_simd128__)
    return by_quarters(v, v, [](v128_t x, v128_t) { return wasm_f32x4_sqrt(x); });
#else
    VF out;
    for (int i = 0; i < W; ++i) out[i] = __builtin_sqrtf(v[i]);
    return out;
#endif
}

// Bit k: lane k of a comparison's result is set.
inline uint32_t lanes_of(VI mask) {
#if defined(__AVX512F__)
    return _mm512_movepi32_mask(reinterpret_cast<__m512i>(mask));
#elif defined(__AVX2__)
    return static_cast<uint32_t>(_mm256_movemask_ps(reinterpret_cast<__m256>(mask)));
#elif defined(__SSE2__)
    return static_cast<uint32_t>(_mm_movemask_ps(reinterpret_cast<__m128>(mask)));
#elif defined(__aarch64__)
    const uint32_t bits[4] = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(reinterpret_cast<uint32x4_t>(mask), vld1q_u32(bits)));
#elif defined(__wasm_simd128__)
    v128_t quarters[W / 4];
    std::memcpy(quarters, &mask, sizeof(mask));
    uint32_t bits = 0;
    for (int i = 0; i < W / 4; ++i) bits |= static_cast<uint32_t>(wasm_i32x4_bitmask(quarters[i])) << (4 * i);
    return bits;
#else
    uint32_t bits = 0;
    for (int i = 0; i < W; ++i) bits |= static_cast<uint32_t>(mask[i] & 1) << i;
    return bits;
#endif
}

// Whether any lane of a comparison's result is set.
inline bool any(VI mask) {
#if defined(__aarch64__)
    return vmaxvq_u32(reinterpret_cast<uint32x4_t>(mask)) != 0;
#else
    return lanes_of(mask) != 0;
#endif
}

inline bool any_above(VF v, float limit) {
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask(v, _mm512_set1_ps(limit), _CMP_GT_OQ) != 0;
#else
    return any(v > limit);
#endif
}

// through · (1 - v) where v is at least `limit`, through elsewhere.
inline VF less_times_from(VF through, VF v, float limit) {
#if defined(__AVX512F__)
    const __mmask16 counts = _mm512_cmp_ps_mask(v, _mm512_set1_ps(limit), _CMP_GE_OQ);
    return _mm512_mask_fnmadd_ps(through, counts, v, through);
#else
    return through - keep_if(v >= limit, v) * through;
#endif
}

// 2^x to 2e-7 relative for x in [-126, 126], and 0 (or what is next to it) below; x beyond 126: anything.
#if defined(__AVX512F__)
// Minimax polynomial on [0, 1), and one instruction each for what is above a whole number, and for 2 to that number.
inline VF exp2_within(VF x) {
    const VF f = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    VF p = splat(1.8775767e-3f);
    p = p * f + 8.9893397e-3f;
    p = p * f + 5.5826318e-2f;
    p = p * f + 2.4015361e-1f;
    p = p * f + 6.9315308e-1f;
    p = p * f + 0.99999994f;
    return _mm512_scalef_ps(p, x);
}

inline VF exp2v(VF x) { return exp2_within(x); }
#else
// Minimax polynomial on [-0.5, 0.5] after splitting off the integer (added to the exponent bits).
inline VF exp2_within(VF x) {
    constexpr float magic = 12582912.0f;  // 1.5 · 2^23: adding it rounds to an integer
    x = vmax(x, splat(-126.0f));
    VF shifted = x + magic;
    VF f = x - (shifted - magic);
    VF p = splat(1.3333558e-3f);
    p = p * f + 9.6181291e-3f;
    p = p * f + 5.5504109e-2f;
    p = p * f + 2.4022651e-1f;
    p = p * f + 6.9314718e-1f;
    p = p * f + 1.0f;
    VU scaled = as_bits(p) + (as_bits(shifted) << 23);
    return reinterpret_cast<VF>(scaled);
}

// The same, and 0 at or below -126.
inline VF exp2v(VF x) { return keep_if(x > -126.0f, exp2_within(x)); }
#endif

}  // namespace
