// Splats over one tile, front to back. Part of kernels.cpp.
//
// Splats are taken in chunks. Of a chunk, the rows that each splat touches are found for W splats at a time, then the
// Gaussians' first rows are worked out for all of them. Rows are blended in groups, whose colours stay in registers while
// the chunk's splats pass over them: each splat goes on from group to group where it left off.
//
// Colours are summed by parts. With T[k] for what is open before splat k, a pixel's colour is
//   sum (T[k] - T[k+1]) c[k]  =  sum T[k] (c[k] - c[k-1])  -  T[n] c[n-1],  c[-1] = 0
// so that no weight has to be worked out row by row; the difference of two splats' colours is one for a whole group. Until
// a group is closed, its colours hold what is still open, T[n], in the colour of its last splat.
#pragma once

#include "kernel_finish.hpp"
#include "kernels.hpp"
#include "simd.hpp"

namespace avatar {
namespace {

constexpr float kSaturated = 1.0f / 512.0f;   // transmittance below which a group is finished: half a level
constexpr float kSteepStart = -100.0f;        // exponent from which the row recurrence could underflow
constexpr int kChunk = 32;                    // splats between two looks at saturation; a bit each
constexpr int kStrips = kTileWidth / W;
constexpr int kGroupRows = kRegisters >= 32 ? 4 : 2;  // four registers a row, and some to work with
constexpr int kGroups = kTileHeight / kGroupRows;
static_assert(kChunk == 32 && kGroups <= 64 && kGroupRows < kMargin);

typedef float Four __attribute__((vector_size(16)));

// One strip of the tile: W columns. What is finished is left out; where it lies between others, Gaussians have to pass.
struct Strip {
    Cell rows[kTileHeight];
    Four colours[kGroups];  // of each group's last splat
    uint64_t touched;       // groups that any splat lies on, a bit each; elsewhere rows and colours hold nothing
    uint64_t alive;         // groups not yet finished
    int first, last;        // of those alive, [first, last)
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

// Those that touch any.
inline uint32_t touching(const Chunk& chunk) {
    uint32_t found = 0;
    for (int i = 0; i < kChunk; i += W) found |= lanes_of(load_bits(chunk.end + i) > 0) << i;
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
inline uint32_t begin_gaussians(const Splat* splats, const uint32_t* list, const Chunk& chunk, VF lanes, float top_y,
                                Gaussian* gaussians) {
    uint32_t steep = 0;
    for (uint32_t found = touching(chunk); found != 0; found &= found - 1) {
        const int i = __builtin_ctz(found);
        const Splat& s = splats[list[i]];
        const VF dx = lanes - s.x;
        const float dy = top_y + static_cast<float>(chunk.begin[i] & -kGroupRows) - s.y;
        const VF exponent = begin_gaussian(s, dx, dy, gaussians[i]);
        if (!(s.least >= kSteepStart)) steep |= static_cast<uint32_t>(is_needle(s, dx, exponent)) << i;
    }
    return steep;
}

// What is open behind one row of a splat.
inline void hide(Cell& cell, VF alpha) { cell.through = less_times_from(cell.through, alpha, kAlphaThreshold); }

// From the last splat's colour to that of the next.
struct Step {
    VF red, green, blue;
};

inline __attribute__((always_inline)) Step step_to(const Splat& s, Four& colours) {
    Four next;
    std::memcpy(&next, &s.red, sizeof(next));
    Four change = next - colours;
    colours = next;
    asm("" : "+m"(change));  // by way of memory: units that load are idle, those that would take it apart are not
    return {splat(change[0]), splat(change[1]), splat(change[2])};
}

inline __attribute__((always_inline)) void add(Cell& cell, const Step& step) {
    cell.red += cell.through * step.red;
    cell.green += cell.through * step.green;
    cell.blue += cell.through * step.blue;
}

// Needles: each row by itself.
__attribute__((noinline)) void add_steep(const Splat& s, VF lanes, float row_y, Cell* cells, Four& colours) {
    const Step step = step_to(s, colours);
    const VF dx = lanes - s.x, across = s.peak + s.a * dx * dx;
    for (int row = 0; row < kGroupRows; ++row) {
        const float dy = row_y + static_cast<float>(row) - s.y;
        add(cells[row], step);
        hide(cells[row], exp2v(across + dy * (s.b * dx + s.c * dy)));
    }
}

// The next rows of one splat. `cells` are the caller's registers.
inline __attribute__((always_inline)) void add_rows(const Splat& s, Gaussian& gaussian, Cell* cells, Four& colours) {
    const Step step = step_to(s, colours);
    const VF q = splat(s.q);
    VF value = gaussian.value, ratio = gaussian.ratio;
#pragma GCC unroll 4
    for (int row = 0; row < kGroupRows; ++row) {
        add(cells[row], step);
        hide(cells[row], value);
        value *= ratio;
        ratio *= q;
    }
    gaussian = {value, ratio};
}

// The splats of `found` over one group of rows, none of them a needle. Returns whether what is behind can be seen.
inline bool blend_group(const Splat* splats, const uint32_t* list, uint32_t found, Gaussian* gaussians, Cell* rows,
                        Four& last) {
    Cell cells[kGroupRows];
    Four colours = last;
#pragma GCC unroll 4
    for (int row = 0; row < kGroupRows; ++row) cells[row] = rows[row];
    for (; found != 0; found &= found - 1) {
        const int i = __builtin_ctz(found);
        add_rows(splats[list[i]], gaussians[i], cells, colours);
    }
    last = colours;
    VF most = cells[0].through;
#pragma GCC unroll 4
    for (int row = 0; row < kGroupRows; ++row) {
        rows[row] = cells[row];
        most = vmax(most, cells[row].through);
    }
    return any_above(most, kSaturated);
}

// On to the group after a finished one.
inline void pass_group(const Splat* splats, const uint32_t* list, uint32_t found, Gaussian* gaussians) {
    for (; found != 0; found &= found - 1) {
        const int i = __builtin_ctz(found);
        const VF q = splat(splats[list[i]].q);
        VF value = gaussians[i].value, ratio = gaussians[i].ratio;
#pragma GCC unroll 4
        for (int row = 0; row < kGroupRows; ++row) value *= ratio, ratio *= q;
        gaussians[i] = {value, ratio};
    }
}

// The same as blend_group where some are: in order, since each hides those behind it.
inline bool blend_steep_group(const Splat* splats, const uint32_t* list, uint32_t found, uint32_t steep,
                              Gaussian* gaussians, VF lanes, float row_y, Cell* rows, Four& last) {
    while (found != 0) {
        const uint32_t needle = found & steep & -(found & steep);
        const uint32_t before = found & (needle - 1);  // all of them where no needle is left
        blend_group(splats, list, before, gaussians, rows, last);
        if (needle != 0) add_steep(splats[list[__builtin_ctz(needle)]], lanes, row_y, rows, last);
        found &= ~(before | needle);
    }
    return blend_group(splats, list, 0, gaussians, rows, last);
}

inline void touch(Strip& strip, int group) {
    strip.touched |= uint64_t{1} << group;
    strip.colours[group] = Four{};
    for (int row = 0; row < kGroupRows; ++row) strip.rows[group * kGroupRows + row] = empty_cell();
}

void blend_chunk(const Splat* splats, const uint32_t* list, Chunk& chunk, Strip& strip, float left_px,
                 float tile_y) {
    Gaussian gaussians[kChunk];
    const VF lanes = left_px + iota();
    const float top_y = tile_y + 0.5f;
    find_rows(chunk, strip, left_px, tile_y);
    const uint32_t steep = begin_gaussians(splats, list, chunk, lanes, top_y, gaussians);
    for (int group = strip.first; group < strip.last; ++group) {
        const uint32_t found = touching(chunk, group);
        if (!(strip.alive >> group & 1)) pass_group(splats, list, found, gaussians);
        if (found == 0 || !(strip.alive >> group & 1)) continue;
        Cell* const rows = strip.rows + group * kGroupRows;
        Four& last = strip.colours[group];
        if (!(strip.touched >> group & 1)) touch(strip, group);
        const bool open = __builtin_expect(found & steep, 0)
            ? blend_steep_group(splats, list, found, steep, gaussians, lanes, top_y + group * kGroupRows, rows, last)
            : blend_group(splats, list, found, gaussians, rows, last);
        if (!open) strip.alive &= ~(uint64_t{1} << group);
    }
    strip.first = strip.alive ? __builtin_ctzll(strip.alive) : 0;
    strip.last = strip.alive ? 64 - __builtin_clzll(strip.alive) : 0;
}

void blend_strips(const Splat* splats, const uint32_t* list, int count, int tile_x, int tile_y, Strip* strips) {
    Chunk chunk;
    for (int begin = 0; begin < count; begin += kChunk) {
        const int size = count - begin < kChunk ? count - begin : kChunk;
        for (int i = begin + size; i < count && i < begin + size + kChunk; ++i) __builtin_prefetch(&splats[list[i]]);
        fill_chunk(splats, list + begin, size, chunk);
        uint64_t alive = 0;
        for (int k = 0; k < kStrips; ++k) {
            if (strips[k].alive == 0) continue;
            blend_chunk(splats, list + begin, chunk, strips[k], tile_x + k * W + 0.5f, static_cast<float>(tile_y));
            alive |= strips[k].alive;
        }
        if (alive == 0) break;
    }
}

// What is still open has counted in the colour of the group's last splat: it shows what is behind.
inline void close_group(Strip& strip, int group) {
    const Four last = strip.colours[group];
    for (int row = group * kGroupRows; row < (group + 1) * kGroupRows; ++row) {
        Cell& cell = strip.rows[row];
        const VI touched = cell.through < 1.0f;  // elsewhere the sums are nothing but their roundings
        cell.red = keep_if(touched, cell.red - cell.through * last[0]);
        cell.green = keep_if(touched, cell.green - cell.through * last[1]);
        cell.blue = keep_if(touched, cell.blue - cell.through * last[2]);
    }
}

// Most groups are seen through nowhere, or hold nothing: neither asks for what is behind and how much of it is seen.
inline void write_group(Strip& strip, int group, const Target& target, int x, int tile_y, int rows) {
    const int first = group * kGroupRows, end = first + kGroupRows < rows ? first + kGroupRows : rows;
    if (!(strip.touched >> group & 1)) return fill_rows(target, x, tile_y + first, tile_y + end);
    if (!(strip.alive >> group & 1)) return write_solid(strip.rows, target, x, tile_y, first, end);
    close_group(strip, group);
    write_rows(strip.rows, target, x, tile_y, first, end);
}

void blend(const Splat* splats, const uint32_t* list, int count, int tile_x, int tile_y, const Target& target) {
    if (count == 0) return fill_tile(target, tile_x, tile_y);
    Strip strips[kStrips];
    const int rows = rows_of(target, tile_y), groups = (rows + kGroupRows - 1) / kGroupRows;
    prefetch_tile(target, tile_x, tile_y, rows);
    for (Strip& strip : strips) {
        strip.alive = groups < 64 ? (uint64_t{1} << groups) - 1 : ~uint64_t{0};
        strip.touched = 0;
        strip.first = 0, strip.last = groups;
    }
    blend_strips(splats, list, count, tile_x, tile_y, strips);
    for (int k = 0; k < kStrips && tile_x + k * W < target.width; ++k)
        for (int group = 0; group < groups; ++group) write_group(strips[k], group, target, tile_x + k * W, tile_y, rows);
}

}  // namespace
}  // namespace avatar
