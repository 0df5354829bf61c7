// Splats over one tile, front to back. Part of kernels.cpp.
#pragma once

#include "kernel_finish.hpp"
#if defined(__wasm_simd128__)
#include "kernel_rows.hpp"
#else
#include "kernel_groups.hpp"
#endif

namespace avatar {
namespace {

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
