// Which tiles of a picture are drawn anew.
#pragma once

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

}  // namespace avatar
