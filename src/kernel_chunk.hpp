// A tile's splats, some at a time: the rows that each touches, and its Gaussian in the first of them. Part of kernels.cpp.
#pragma once

#include "kernels.hpp"
#include "simd.hpp"

namespace avatar {
namespace {

constexpr float kSteepStart = -100.0f;  // exponent from which the row recurrence could underflow
constexpr int kChunk = 64;              // splats between two looks at saturation; a bit each
#if defined(__wasm_simd128__)
constexpr int kGroupRows = 4;  // kernel_rows.hpp keeps none in registers
#else
constexpr int kGroupRows = kRegisters >= 32 ? 4 : 2;  // four registers a row, and some to work with
#endif
constexpr int kGroups = kTileHeight / kGroupRows;
static_assert(kChunk == 64 && kGroups <= 64 && kGroupRows < kMargin);

typedef float Four __attribute__((vector_size(16)));

// What finding rows needs of a chunk's splats, column by column.
struct Chunk {
    float x[kChunk], y[kChunk], half_width[kChunk], lean[kChunk], shear[kChunk], root[kChunk];
    int32_t begin[kChunk], end[kChunk];  // rows of one strip; none: end is 0
};

// One splat's Gaussian on its way down a strip: in the row that comes next, and the ratio to the one after it. What else
// its rows need lies beside it, so that the innermost loop reads one place alone.
struct alignas(4 * W) Gaussian {
    VF value, ratio;
    Four colour;  // red, green, blue, q
};

inline void fill_chunk(const Splat* splats, const uint32_t* list, int count, Chunk& chunk) {
    for (int i = 0; i < count; ++i) {
        const Splat& s = splats[list[i]];
        chunk.x[i] = s.x, chunk.y[i] = s.y, chunk.half_width[i] = s.half_width;
        chunk.lean[i] = s.lean, chunk.shear[i] = s.shear, chunk.root[i] = s.root;
    }
    for (int i = count; i < kChunk; ++i) {
        chunk.x[i] = chunk.y[i] = chunk.lean[i] = chunk.shear[i] = chunk.root[i] = 0;
        chunk.half_width[i] = -1;  // touches nothing
    }
}

// Rows [first, end) of a strip whose pixels' centres begin at `left_px`, for all splats of the chunk.
inline void find_rows(Chunk& chunk, int first, int end, float left_px, float tile_y) {
    const VF low = splat(first), high = splat(end);
    for (int i = 0; i < kChunk; i += W) {
        const VF x = load(chunk.x + i), half_width = load(chunk.half_width + i), lean = load(chunk.lean + i);
        const VF left = vmax(left_px - x, -half_width), right = vmin((left_px + (W - 1)) - x, half_width);
        const VF at_top = vmin(vmax(-lean, left), right), at_bottom = vmin(vmax(lean, left), right);
        const VF square = half_width * half_width;
        const VF root = load(chunk.root + i), shear = load(chunk.shear + i), y = load(chunk.y + i) - tile_y;
        const VF above = root * vsqrt(vmax(square - at_top * at_top, VF{}));
        const VF below = root * vsqrt(vmax(square - at_bottom * at_bottom, VF{}));
        const VI top = to_int(vmin(vmax(shear * at_top - above + y + 0.499f, low), high));
        const VI bottom = to_int(vmin(vmax(shear * at_bottom + below + y + 0.501f, low), high));
        store_bits(chunk.begin + i, top);
        store_bits(chunk.end + i, bottom & (left <= right) & (top < bottom));
    }
}

// The chunk's splats that touch a group of rows, a bit each.
inline uint64_t touching(const Chunk& chunk, int group) {
    const int first = group * kGroupRows;
    uint64_t found = 0;
    for (int i = 0; i < kChunk; i += W) {
        const VI begin = load_bits(chunk.begin + i), end = load_bits(chunk.end + i);
        found |= static_cast<uint64_t>(lanes_of((begin < first + kGroupRows) & (end > first))) << i;
    }
    return found;
}

// Those that touch any.
inline uint64_t touching(const Chunk& chunk) {
    uint64_t found = 0;
    for (int i = 0; i < kChunk; i += W) found |= static_cast<uint64_t>(lanes_of(load_bits(chunk.end + i) > 0)) << i;
    return found;
}

// Gaussian along a column by recurrence: G(y+1) = G(y)·R(y), R(y+1) = R(y)·Q. Returns the exponent that it begins with.
inline VF begin_gaussian(const Splat& s, VF dx, float dy, Gaussian& out) {
    const VF slope = s.b * dx;
    const VF exponent = s.a * dx * dx + (dy * slope + (s.peak + s.c * dy * dy));
    out.value = exp2v(exponent);
    out.ratio = exp2_within(slope + s.c * (2.0f * dy + 1.0f));
    return exponent;
}

// Whether the recurrence could lose a pixel that counts.
inline bool is_needle(const Splat& s, VF dx, VF exponent) {
    return any((exponent < kSteepStart) & (dx * dx <= s.half_width * s.half_width));
}

// Of those that touch the strip. Bits of the splats that have to be worked out row by row.
inline uint64_t begin_gaussians(const Splat* splats, const uint32_t* list, const Chunk& chunk, VF lanes, float top_y,
                                Gaussian* gaussians) {
    uint64_t steep = 0;
    for (uint64_t found = touching(chunk); found != 0; found &= found - 1) {
        const size_t i = __builtin_ctzll(found);
        const Splat& s = splats[list[i]];
        std::memcpy(&gaussians[i].colour, &s.red, sizeof(Four));
        const VF dx = lanes - s.x;
        const float dy = top_y + static_cast<float>(chunk.begin[i] & -kGroupRows) - s.y;
        const VF exponent = begin_gaussian(s, dx, dy, gaussians[i]);
        if (!(s.least >= kSteepStart)) steep |= static_cast<uint64_t>(is_needle(s, dx, exponent)) << i;
    }
    return steep;
}

}  // namespace
}  // namespace avatar
