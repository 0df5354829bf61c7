// Splats over one tile, front to back. Part of kernels.cpp.
//
// Splats are taken in chunks. Of a chunk, the rows that each splat touches are found for W splats at a time, then the
// Gaussians' first rows are worked out for all of them. Rows are blended in groups, whose colours stay in registers while
// the chunk's splats pass over them: each splat goes on from group to group where it left off.
#pragma once

#include "kernel_finish.hpp"
#include "kernels.hpp"
#include "simd.hpp"

namespace avatar {
namespace {

constexpr float kSaturated = 1.0f / 2048.0f;  // transmittance below which a row is finished
constexpr float kSteepStart = -100.0f;        // exponent from which the row recurrence could underflow
constexpr int kChunk = 32;                    // splats between two looks at saturation; a bit each
constexpr int kStrips = kTileWidth / W;
constexpr int kGroupRows = kRegisters >= 32 ? 4 : 2;  // four registers a row, and some to work with
constexpr int kGroups = kTileHeight / kGroupRows;
static_assert(kChunk == 32 && kGroups <= 32);

// One strip of the tile: W columns. What is finished is left out from above and from below; in between, Gaussians have to
// pass.
struct Strip {
    Cell rows[kTileHeight];
    int first, last;  // groups of rows not yet finished, [first, last)
};

// What finding rows needs of a chunk's splats, column by column.
struct Chunk {
    float x[kChunk], y[kChunk], half_width[kChunk], lean[kChunk], shear[kChunk], root[kChunk];
    int32_t begin[kChunk], end[kChunk];  // rows of one strip; none: end is 0
};

// One splat's Gaussian on its way down a strip: in the row that comes next, and the ratio to the one after it.
struct alignas(4 * W) Gaussian {
    VF value, ratio;
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

// Rows of a strip whose pixels' centres begin at `left_px`, for all splats of the chunk.
inline void find_rows(Chunk& chunk, const Strip& strip, float left_px, float tile_y) {
    const VF low = splat(strip.first * kGroupRows), high = splat(strip.last * kGroupRows);
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
inline uint32_t touching(const Chunk& chunk, int group) {
    const int first = group * kGroupRows;
    uint32_t found = 0;
    for (int i = 0; i < kChunk; i += W) {
        const VI begin = load_bits(chunk.begin + i), end = load_bits(chunk.end + i);
        found |= lanes_of((begin < first + kGroupRows) & (end > first)) << i;
    }
    return found;
}

// Gaussian along a column by recurrence: G(y+1) = G(y)·R(y), R(y+1) = R(y)·Q. False for needles, whose recurrence could
// lose a pixel that counts.
inline bool begin_gaussian(const Splat& s, VF lanes, float row_y, Gaussian& out) {
    const VF dx = lanes - s.x;
    const float dy = row_y - s.y;
    const VF slope = s.b * dx;
    const VF exponent = s.peak + s.a * dx * dx + dy * (slope + s.c * dy);
    out.value = exp2v(exponent);
    out.ratio = exp2_within(vmax(slope + s.c * (2.0f * dy + 1.0f), splat(-126.0f)));
    return !any((exponent < kSteepStart) & (dx * dx <= s.half_width * s.half_width));
}

// Bits of the splats that have to be worked out row by row.
inline uint32_t begin_gaussians(const Splat* splats, const uint32_t* list, int count, const Chunk& chunk, VF lanes,
                                float top_y, Gaussian* gaussians) {
    uint32_t steep = 0;
    for (int i = 0; i < count; ++i) {
        const int first = chunk.begin[i] & -kGroupRows;
        const bool fits = begin_gaussian(splats[list[i]], lanes, top_y + static_cast<float>(first), gaussians[i]);
        steep |= static_cast<uint32_t>(!fits) << i;
    }
    return steep;
}

inline void add(Cell& cell, VF alpha, VF red, VF green, VF blue) {
    const VF weight = times_from(alpha, kAlphaThreshold, cell.through);
    cell.red += weight * red;
    cell.green += weight * green;
    cell.blue += weight * blue;
    cell.through -= weight;
}

// Needles: each row by itself.
__attribute__((noinline)) void add_steep(const Splat& s, VF lanes, float row_y, Cell* cells) {
    const VF red = splat(s.red), green = splat(s.green), blue = splat(s.blue), dx = lanes - s.x;
    const VF across = s.peak + s.a * dx * dx;
    for (int row = 0; row < kGroupRows; ++row) {
        const float dy = row_y + static_cast<float>(row) - s.y;
        add(cells[row], exp2v(across + dy * (s.b * dx + s.c * dy)), red, green, blue);
    }
}

// The next rows of one splat. `cells` are the caller's registers.
inline __attribute__((always_inline)) void add_rows(const Splat& s, Gaussian& gaussian, Cell* cells) {
    const VF red = splat(s.red), green = splat(s.green), blue = splat(s.blue), q = splat(s.q);
    VF value = gaussian.value, ratio = gaussian.ratio;
#pragma GCC unroll 4
    for (int row = 0; row < kGroupRows; ++row) {
        add(cells[row], value, red, green, blue);
        value *= ratio;
        ratio *= q;
    }
    gaussian = {value, ratio};
}

// The splats of `found` over one group of rows, none of them a needle.
inline void blend_group(const Splat* splats, const uint32_t* list, uint32_t found, Gaussian* gaussians, Cell* rows) {
    Cell cells[kGroupRows];
#pragma GCC unroll 4
    for (int row = 0; row < kGroupRows; ++row) cells[row] = rows[row];
    for (; found != 0; found &= found - 1) {
        const int i = __builtin_ctz(found);
        add_rows(splats[list[i]], gaussians[i], cells);
    }
#pragma GCC unroll 4
    for (int row = 0; row < kGroupRows; ++row) rows[row] = cells[row];
}

// The same where some are: in order, since each hides those behind it.
inline void blend_steep_group(const Splat* splats, const uint32_t* list, uint32_t found, uint32_t steep,
                              Gaussian* gaussians, VF lanes, float row_y, Cell* rows) {
    while (found != 0) {
        const uint32_t needle = found & steep & -(found & steep);
        const uint32_t before = found & (needle - 1);  // all of them where no needle is left
        blend_group(splats, list, before, gaussians, rows);
        if (needle != 0) add_steep(splats[list[__builtin_ctz(needle)]], lanes, row_y, rows);
        found &= ~(before | needle);
    }
}

inline bool is_alive(const Cell* rows) {
    VF most = rows[0].through;
    for (int row = 1; row < kGroupRows; ++row) most = vmax(most, rows[row].through);
    return any_above(most, kSaturated);
}

inline void shrink(Strip& strip) {
    while (strip.first < strip.last && !is_alive(strip.rows + strip.first * kGroupRows)) ++strip.first;
    while (strip.first < strip.last && !is_alive(strip.rows + (strip.last - 1) * kGroupRows)) --strip.last;
}

void blend_chunk(const Splat* splats, const uint32_t* list, int count, Chunk& chunk, Strip& strip, float left_px,
                 float tile_y) {
    Gaussian gaussians[kChunk];
    const VF lanes = left_px + iota();
    const float top_y = tile_y + 0.5f;
    find_rows(chunk, strip, left_px, tile_y);
    const uint32_t steep = begin_gaussians(splats, list, count, chunk, lanes, top_y, gaussians);
    for (int group = strip.first; group < strip.last; ++group) {
        const uint32_t found = touching(chunk, group);
        Cell* const rows = strip.rows + group * kGroupRows;
        if (__builtin_expect(found & steep, 0))
            blend_steep_group(splats, list, found, steep, gaussians, lanes, top_y + group * kGroupRows, rows);
        else
            blend_group(splats, list, found, gaussians, rows);
    }
}

void blend_strips(const Splat* splats, const uint32_t* list, int count, int tile_x, int tile_y, Strip* strips) {
    Chunk chunk;
    for (int begin = 0; begin < count; begin += kChunk) {
        const int size = count - begin < kChunk ? count - begin : kChunk;
        for (int i = begin + size; i < count && i < begin + size + kChunk; ++i) __builtin_prefetch(&splats[list[i]]);
        fill_chunk(splats, list + begin, size, chunk);
        bool alive = false;
        for (int k = 0; k < kStrips; ++k) {
            if (strips[k].first == strips[k].last) continue;
            blend_chunk(splats, list + begin, size, chunk, strips[k], tile_x + k * W + 0.5f, static_cast<float>(tile_y));
            shrink(strips[k]);
            alive |= strips[k].first < strips[k].last;
        }
        if (!alive) break;
    }
}

void blend(const Splat* splats, const uint32_t* list, int count, int tile_x, int tile_y, const Target& target) {
    if (count == 0) return fill_tile(target, tile_x, tile_y);
    Strip strips[kStrips];
    const int rows = rows_of(target, tile_y);
    prefetch_backdrop(target, tile_x, tile_y);
    for (Strip& strip : strips) {
        for (Cell& cell : strip.rows) cell = empty_cell();
        strip.first = 0, strip.last = (rows + kGroupRows - 1) / kGroupRows;
    }
    blend_strips(splats, list, count, tile_x, tile_y, strips);
    for (int k = 0; k < kStrips; ++k) write_strip(strips[k].rows, target, tile_x + k * W, tile_y);
}

}  // namespace
}  // namespace avatar
