// Which tiles of a picture are drawn anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels.hpp"

namespace avatar {

class Tiles {
   public:
    // Begins a frame: all tiles are drawn, or none but those that are marked.
    void begin(int width, int height, bool all);

    // The box's tiles are drawn. Any thread, at the same time as others.
    void mark(TileBox box);

    // After the last mark.
    void finish();
    const std::vector<int>& drawn() const { return drawn_; }
    bool touches_drawn(TileBox box) const;  // false for an empty box

    int across() const { return across_; }
    int count() const { return across_ * down_; }
    bool all() const { return all_; }

   private:
    int across_ = 0, down_ = 0;
    bool all_ = false;
    std::vector<uint8_t> marked_;     // by tile
    std::vector<uint32_t> sums_;      // [down + 1, across + 1] of marked_ above and to the left
    std::vector<int> drawn_;
};

inline void Tiles::mark(TileBox box) {
    if (all_) return;
    for (int y = box.y0; y <= box.y1; ++y)
        for (int x = box.x0; x <= box.x1; ++x) {
            uint8_t* tile = &marked_[static_cast<size_t>(y) * across_ + x];
            // Mostly marked already: looking first keeps the line shared between the threads.
            if (!__atomic_load_n(tile, __ATOMIC_RELAXED)) __atomic_store_n(tile, uint8_t{1}, __ATOMIC_RELAXED);
        }
}

inline bool Tiles::touches_drawn(TileBox box) const {
    if (box.empty()) return false;
    if (all_) return true;
    const size_t row = across_ + 1;
    const uint32_t* above = &sums_[box.y0 * row];
    const uint32_t* below = &sums_[(box.y1 + 1) * row];
    return below[box.x1 + 1] - below[box.x0] != above[box.x1 + 1] - above[box.x0];
}

}  // namespace avatar
