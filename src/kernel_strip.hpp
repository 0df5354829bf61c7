// What a tile's strip of columns keeps while splats are blended over it. Part of kernels.cpp.
#pragma once

#include "kernel_chunk.hpp"
#include "kernel_finish.hpp"

namespace avatar {
namespace {

constexpr float kSaturated = 1.0f / 512.0f;  // transmittance below which a group is finished: half a level
constexpr int kStrips = kTileWidth / W;

// One strip of the tile: W columns. What is finished is left out; where it lies between others, Gaussians have to pass.
struct Strip {
    Cell rows[kTileHeight];
    Four colours[kGroups];  // of each group's last splat
    uint64_t touched;       // groups that any splat lies on, a bit each; elsewhere rows and colours hold nothing
    uint64_t alive;         // groups not yet finished
    int first, last;        // of those alive, [first, last)
};

inline void touch(Strip& strip, int group) {
    strip.touched |= uint64_t{1} << group;
    strip.colours[group] = Four{};
    for (int row = 0; row < kGroupRows; ++row) strip.rows[group * kGroupRows + row] = empty_cell();
}

// After `alive` has changed.
inline void narrow(Strip& strip) {
    strip.first = strip.alive ? __builtin_ctzll(strip.alive) : 0;
    strip.last = strip.alive ? 64 - __builtin_clzll(strip.alive) : 0;
}

}  // namespace
}  // namespace avatar
