// A chunk of splats over a strip, group of rows by group. Part of kernels.cpp.
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

#include "kernel_strip.hpp"

namespace avatar {
namespace {

// What is open behind one row of a splat.
inline void hide(Cell& cell, VF alpha) { cell.through = less_times_from(cell.through, alpha, kAlphaThreshold); }

// From the last splat's colour to that of the next.
struct Step {
    VF red, green, blue;
};

inline __attribute__((always_inline)) Step step_to(Four next, Four& colours) {
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
    Four colour;
    std::memcpy(&colour, &s.red, sizeof(colour));
    const Step step = step_to(colour, colours);
    const VF dx = lanes - s.x, across = s.peak + s.a * dx * dx;
    for (int row = 0; row < kGroupRows; ++row) {
        const float dy = row_y + static_cast<float>(row) - s.y;
        add(cells[row], step);
        hide(cells[row], exp2v(across + dy * (s.b * dx + s.c * dy)));
    }
}

// The next rows of one splat. `cells` are the caller's registers.
inline __attribute__((always_inline)) void add_rows(Gaussian& gaussian, Cell* cells, Four& colours) {
    const Step step = step_to(gaussian.colour, colours);
    const VF q = splat(gaussian.colour[3]);
    VF value = gaussian.value, ratio = gaussian.ratio;
#pragma GCC unroll 4
    for (int row = 0; row < kGroupRows; ++row) {
        add(cells[row], step);
        hide(cells[row], value);
        value *= ratio;
        ratio *= q;
    }
    gaussian.value = value, gaussian.ratio = ratio;
}

// The splats of `found` over one group of rows, none of them a needle. Returns whether what is behind can be seen.
inline bool blend_group(uint64_t found, Gaussian* gaussians, Cell* rows, Four& last) {
    Cell cells[kGroupRows];
    Four colours = last;
#pragma GCC unroll 4
    for (int row = 0; row < kGroupRows; ++row) cells[row] = rows[row];
    for (; found != 0; found &= found - 1) {
        const size_t i = __builtin_ctzll(found);
        add_rows(gaussians[i], cells, colours);
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
inline void pass_group(uint64_t found, Gaussian* gaussians) {
    for (; found != 0; found &= found - 1) {
        const size_t i = __builtin_ctzll(found);
        const VF q = splat(gaussians[i].colour[3]);
        VF value = gaussians[i].value, ratio = gaussians[i].ratio;
#pragma GCC unroll 4
        for (int row = 0; row < kGroupRows; ++row) value *= ratio, ratio *= q;
        gaussians[i].value = value, gaussians[i].ratio = ratio;
    }
}

// The same as blend_group where some are: in order, since each hides those behind it. Rare, and kept out of the way of the
// others' registers.
__attribute__((noinline)) bool blend_steep_group(const Splat* splats, const uint32_t* list, uint64_t found, uint64_t steep,
                                                Gaussian* gaussians, VF lanes, float row_y, Cell* rows, Four& last) {
    while (found != 0) {
        const uint64_t needle = found & steep & -(found & steep);
        const uint64_t before = found & (needle - 1);  // all of them where no needle is left
        blend_group(before, gaussians, rows, last);
        if (needle != 0) add_steep(splats[list[__builtin_ctzll(needle)]], lanes, row_y, rows, last);
        found &= ~(before | needle);
    }
    return blend_group(0, gaussians, rows, last);
}

void blend_chunk(const Splat* splats, const uint32_t* list, Chunk& chunk, Strip& strip, float left_px,
                 float tile_y) {
    Gaussian gaussians[kChunk];
    const VF lanes = left_px + iota();
    const float top_y = tile_y + 0.5f;
    find_rows(chunk, strip.first * kGroupRows, strip.last * kGroupRows, left_px, tile_y);
    const uint64_t steep = begin_gaussians(splats, list, chunk, lanes, top_y, gaussians);
    for (int group = strip.first; group < strip.last; ++group) {
        const uint64_t found = touching(chunk, group);
        if (!(strip.alive >> group & 1)) pass_group(found, gaussians);
        if (found == 0 || !(strip.alive >> group & 1)) continue;
        Cell* const rows = strip.rows + group * kGroupRows;
        Four& last = strip.colours[group];
        if (!(strip.touched >> group & 1)) touch(strip, group);
        const bool open = __builtin_expect(found & steep, 0)
            ? blend_steep_group(splats, list, found, steep, gaussians, lanes, top_y + group * kGroupRows, rows, last)
            : blend_group(found, gaussians, rows, last);
        if (!open) strip.alive &= ~(uint64_t{1} << group);
    }
    narrow(strip);
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

}  // namespace
}  // namespace avatar
