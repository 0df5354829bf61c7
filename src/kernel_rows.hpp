// A chunk of splats over a strip, splat by splat, each down its own rows. Part of kernels.cpp, for WebAssembly.
//
// A browser gives 16 registers of 4 lanes and no fused multiplication: a group's colours would not stay in registers, and
// sums by parts save nothing. So a row's colours lie in memory, where the first level of the cache is; what is in
// registers is the Gaussian. No row is touched that the splat does not lie on, and nothing is kept of it afterwards.
#pragma once

#include "kernel_strip.hpp"

namespace avatar {
namespace {

struct Colour {
    VF red, green, blue;
};

inline __attribute__((always_inline)) void add(Cell& cell, VF alpha, const Colour& colour) {
    const VF weight = keep_if(alpha >= kAlphaThreshold, alpha) * cell.through;
    cell.through -= weight;
    cell.red += weight * colour.red;
    cell.green += weight * colour.green;
    cell.blue += weight * colour.blue;
}

// Needles: each row by itself.
__attribute__((noinline)) void add_steep(const Splat& s, VF dx, float top_y, int begin, int end, uint64_t alive, Cell* rows) {
    const Colour colour = {splat(s.red), splat(s.green), splat(s.blue)};
    const VF across = s.peak + s.a * dx * dx;
    for (int row = begin; row < end; ++row) {
        if (!(alive >> (row / kGroupRows) & 1)) continue;
        const float dy = top_y + static_cast<float>(row) - s.y;
        add(rows[row], exp2v(across + dy * (s.b * dx + s.c * dy)), colour);
    }
}

// Where some of the groups are finished, or all are alive: then nobody asks.
template <bool kAll>
inline __attribute__((always_inline)) void add_rows(const Splat& s, VF value, VF ratio, int begin, int end, uint64_t alive,
                                                    Cell* rows) {
    const Colour colour = {splat(s.red), splat(s.green), splat(s.blue)};
    const VF q = splat(s.q);
    for (int row = begin; row < end; ++row) {
        if (kAll || alive >> (row / kGroupRows) & 1) add(rows[row], value, colour);
        value *= ratio;
        ratio *= q;
    }
}

// Bits of the groups that rows [begin, end) lie in; they are not empty.
inline uint64_t groups_of(int begin, int end) {
    return ~uint64_t{0} << (begin / kGroupRows) & ~uint64_t{0} >> (63 - (end - 1) / kGroupRows);
}

inline void add_splat(const Splat& s, int begin, int end, uint64_t groups, VF dx, float top_y, Strip& strip) {
    Gaussian gaussian;
    const VF exponent = begin_gaussian(s, dx, top_y + static_cast<float>(begin) - s.y, gaussian);
    if (__builtin_expect(!(s.least >= kSteepStart), 0) && is_needle(s, dx, exponent))
        return add_steep(s, dx, top_y, begin, end, strip.alive, strip.rows);
    if ((groups & ~strip.alive) == 0)
        add_rows<true>(s, gaussian.value, gaussian.ratio, begin, end, strip.alive, strip.rows);
    else
        add_rows<false>(s, gaussian.value, gaussian.ratio, begin, end, strip.alive, strip.rows);
}

// Of those that were touched just now, groups where nothing behind can be seen any more.
inline void finish_groups(Strip& strip, uint64_t groups) {
    for (uint64_t left = strip.alive & groups; left != 0; left &= left - 1) {
        const int group = __builtin_ctzll(left);
        const Cell* const rows = strip.rows + group * kGroupRows;
        VF most = rows[0].through;
        for (int row = 1; row < kGroupRows; ++row) most = vmax(most, rows[row].through);
        if (!any_above(most, kSaturated)) strip.alive &= ~(uint64_t{1} << group);
    }
    narrow(strip);
}

void blend_chunk(const Splat* splats, const uint32_t* list, Chunk& chunk, Strip& strip, float left_px, float tile_y) {
    const VF lanes = left_px + iota();
    find_rows(chunk, strip.first * kGroupRows, strip.last * kGroupRows, left_px, tile_y);
    uint64_t seen = 0;
    for (uint64_t found = touching(chunk); found != 0; found &= found - 1) {
        const size_t i = __builtin_ctzll(found);
        const Splat& s = splats[list[i]];
        const uint64_t groups = groups_of(chunk.begin[i], chunk.end[i]);
        for (uint64_t fresh = groups & ~strip.touched; fresh != 0; fresh &= fresh - 1) touch(strip, __builtin_ctzll(fresh));
        seen |= groups;
        add_splat(s, chunk.begin[i], chunk.end[i], groups, lanes - s.x, tile_y + 0.5f, strip);
    }
    finish_groups(strip, seen);
}

// Colours are whole as they are.
inline void close_group(Strip&, int) {}

}  // namespace
}  // namespace avatar
