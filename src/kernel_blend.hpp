// Splats over one tile, front to back. Part of kernels.cpp.
//
// Splats are taken in chunks. Of a chunk, the rows that each splat touches are found for W splats at a time, then the
// Gaussians' first rows are worked out for all of them, and only then are rows blended: the end of a run of rows is what
// a processor cannot foresee, and nothing long should have to begin anew after it.
#pragma once

#include "kernel_finish.hpp"
#include "kernels.hpp"
#include "simd.hpp"

namespace avatar {
namespace {

constexpr float kSaturated = 1.0f / 2048.0f;  // transmittance below which a row is finished
constexpr float kSteepStart = -100.0f;        // exponent from which the row recurrence could underflow
constexpr int kChunk = 32;                    // splats between two looks at saturation
constexpr int kStrips = kTileWidth / W;
static_assert(kTileHeight == 64, "a row is a bit of Strip::alive");

// One strip of the tile: W columns.
struct Strip {
    Cell rows[kTileHeight];
    uint64_t alive;  // bit r: row r is not yet finished
};

// What finding rows needs of a chunk's splats, column by column.
struct Chunk {
    float x[kChunk], y[kChunk], half_width[kChunk], lean[kChunk], shear[kChunk], root[kChunk];
    int32_t begin[kChunk], end[kChunk];  // rows of one strip
};

// Rows [begin, end) of one strip that one splat touches.
struct Item {
    const Splat* splat;
    int32_t begin, end;
    bool steep;
};

// The Gaussian in an item's first row, and its ratio to the second one.
struct alignas(4 * W) Start {
    VF gauss, ratio;
};

inline uint64_t rows_from(int begin) { return ~uint64_t{0} << begin; }
inline uint64_t rows_before(int end) { return ~uint64_t{0} >> (kTileHeight - end); }

inline void fill_chunk(const Splat* splats, const uint32_t* list, int count, Chunk& chunk) {
    for (int i = 0; i < count; ++i) {
        const Splat& s = splats[list[i]];
        chunk.x[i] = s.x, chunk.y[i] = s.y, chunk.half_width[i] = s.half_width;
        chunk.lean[i] = s.lean, chunk.shear[i] = s.shear, chunk.root[i] = s.root;
    }
    for (int i = count; i % W != 0; ++i) {
        chunk.x[i] = chunk.y[i] = chunk.lean[i] = chunk.shear[i] = chunk.root[i] = 0;
        chunk.half_width[i] = -1;  // touches nothing
    }
}

// Rows of a strip whose pixels' centres begin at `left_px`, for all splats of the chunk.
inline void find_rows(Chunk& chunk, int count, float left_px, float tile_y) {
    const VF low = VF{}, high = splat(kTileHeight);
    for (int i = 0; i < count; i += W) {
        const VF x = load(chunk.x + i), half_width = load(chunk.half_width + i), lean = load(chunk.lean + i);
        const VF left = vmax(left_px - x, -half_width), right = vmin((left_px + (W - 1)) - x, half_width);
        const VF at_top = vmin(vmax(-lean, left), right), at_bottom = vmin(vmax(lean, left), right);
        const VF square = half_width * half_width;
        const VF root = load(chunk.root + i), shear = load(chunk.shear + i), y = load(chunk.y + i) - tile_y;
        const VF above = root * vsqrt(vmax(square - at_top * at_top, VF{}));
        const VF below = root * vsqrt(vmax(square - at_bottom * at_bottom, VF{}));
        const VF top = vmin(vmax(shear * at_top - above + y + 0.499f, low), high);
        const VF bottom = vmin(vmax(shear * at_bottom + below + y + 0.501f, low), high);
        store_bits(chunk.begin + i, to_int(top));
        store_bits(chunk.end + i, to_int(bottom) & (left <= right));
    }
}

// The chunk's splats that touch rows still alive; returns their number. Free of branches, which nobody could foresee.
inline int list_items(const Splat* splats, const uint32_t* list, int count, const Chunk& chunk, uint64_t alive,
                      Item* items) {
    int listed = 0;
    for (int i = 0; i < count; ++i) {
        const int begin = chunk.begin[i], end = chunk.end[i];
        const uint64_t touches = -static_cast<uint64_t>(begin < end);
        const uint64_t rows = alive & touches & rows_from(begin & 63) & rows_before(end + (end == 0));
        items[listed] = {&splats[list[i]], __builtin_ctzll(rows | (1ull << 63)), 64 - __builtin_clzll(rows | 1), false};
        listed += rows != 0;
    }
    return listed;
}

inline void find_start(Item& item, VF lanes, float tile_y, Start& start) {
    const Splat& s = *item.splat;
    const VF dx = lanes - s.x;
    const float dy = static_cast<float>(item.begin) + (tile_y + 0.5f) - s.y;
    const VF slope = s.b * dx;
    const VF exponent = s.peak + s.a * dx * dx + dy * (slope + s.c * dy);
    item.steep = any_below(exponent, kSteepStart);
    start.gauss = exp2_within(vmax(exponent, splat(-126.0f)));
    start.ratio = exp2_within(vmax(slope + s.c * (2.0f * dy + 1.0f), splat(-126.0f)));
}

inline void add(Cell& cell, VF alpha, VF red, VF green, VF blue) {
    const VF weight = times_from(alpha, kAlphaThreshold, cell.through);
    cell.red += weight * red;
    cell.green += weight * green;
    cell.blue += weight * blue;
    cell.through -= weight;
}

// Gaussian along a column by recurrence: G(y+1) = G(y)·R(y), R(y+1) = R(y)·Q.
inline void blend_rows(const Splat& s, Cell* cell, int rows, VF gauss, VF ratio) {
    const VF red = splat(s.red), green = splat(s.green), blue = splat(s.blue), q = splat(s.q);
    for (; rows > 0; --rows, ++cell) {
        add(*cell, gauss, red, green, blue);
        gauss *= ratio;
        ratio *= q;
    }
}

// Needles: each row by itself.
__attribute__((noinline)) void blend_steep(const Splat& s, Cell* cell, int rows, VF dx, float dy) {
    const VF red = splat(s.red), green = splat(s.green), blue = splat(s.blue), across = s.peak + s.a * dx * dx;
    for (; rows > 0; --rows, ++cell, dy += 1.0f)
        add(*cell, exp2v(across + dy * (s.b * dx + s.c * dy)), red, green, blue);
}

// Of a strip that is still alive.
inline void find_alive(Strip& strip) {
    uint64_t alive = 0;
    for (int row = __builtin_ctzll(strip.alive), last = 63 - __builtin_clzll(strip.alive); row <= last; ++row)
        alive |= static_cast<uint64_t>(any_above(strip.rows[row].through, kSaturated)) << row;
    strip.alive &= alive;
}

void blend_chunk(const Splat* splats, const uint32_t* list, int count, Chunk& chunk, Strip& strip, float left_px,
                 float tile_y) {
    Item items[kChunk + 1];
    Start starts[kChunk];
    find_rows(chunk, count, left_px, tile_y);
    const int listed = list_items(splats, list, count, chunk, strip.alive, items);
    const VF lanes = left_px + iota();
    for (int i = 0; i < listed; ++i) find_start(items[i], lanes, tile_y, starts[i]);
    for (int i = 0; i < listed; ++i) {
        const Item& item = items[i];
        const Splat& s = *item.splat;
        Cell* cell = strip.rows + item.begin;
        const int rows = item.end - item.begin;
        if (__builtin_expect(item.steep, 0))
            blend_steep(s, cell, rows, lanes - s.x, static_cast<float>(item.begin) + (tile_y + 0.5f) - s.y);
        else
            blend_rows(s, cell, rows, starts[i].gauss, starts[i].ratio);
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
            if (strips[k].alive == 0) continue;
            blend_chunk(splats, list + begin, size, chunk, strips[k], tile_x + k * W + 0.5f, static_cast<float>(tile_y));
            find_alive(strips[k]);
            alive |= strips[k].alive != 0;
        }
        if (!alive) break;
    }
}

void blend(const Splat* splats, const uint32_t* list, int count, int tile_x, int tile_y, const Target& target) {
    if (count == 0 && !target.image) return fill_tile(target, tile_x, tile_y);
    Strip strips[kStrips];
    const int rows = rows_of(target, tile_y);
    for (Strip& strip : strips) {
        for (int row = 0; row < rows; ++row) strip.rows[row] = empty_cell();
        strip.alive = rows_before(rows);
    }
    blend_strips(splats, list, count, tile_x, tile_y, strips);
    for (int k = 0; k < kStrips; ++k) write_strip(strips[k].rows, target, tile_x + k * W, tile_y);
}

}  // namespace
}  // namespace avatar
