#include "tiles.hpp"

#include <algorithm>

namespace avatar {

void Tiles::begin(int width, int height, bool all) {
    across_ = (width + kTileWidth - 1) / kTileWidth;
    down_ = (height + kTileHeight - 1) / kTileHeight;
    all_ = all;
    marked_.assign(count(), all);
}

void Tiles::mark(TileBox box) {
    if (all_) return;
    for (int y = box.y0; y <= box.y1; ++y)
        for (int x = box.x0; x <= box.x1; ++x) {
            uint8_t* tile = &marked_[static_cast<size_t>(y) * across_ + x];
            // Mostly marked already: looking first keeps the line shared between the threads.
            if (!__atomic_load_n(tile, __ATOMIC_RELAXED)) __atomic_store_n(tile, uint8_t{1}, __ATOMIC_RELAXED);
        }
}

void Tiles::finish() {
    drawn_.clear();
    for (int tile = 0; tile < count(); ++tile)
        if (marked_[tile]) drawn_.push_back(tile);
    all_ = static_cast<int>(drawn_.size()) == count();
    if (all_ || drawn_.empty()) return;
    const size_t row = across_ + 1;
    sums_.assign(row * (down_ + 1), 0);
    for (int y = 0; y < down_; ++y) {
        uint32_t sum = 0;
        for (int x = 0; x < across_; ++x) {
            sum += marked_[static_cast<size_t>(y) * across_ + x];
            sums_[(y + 1) * row + x + 1] = sums_[y * row + x + 1] + sum;
        }
    }
}

bool Tiles::touches_drawn(TileBox box) const {
    if (box.empty()) return false;
    if (all_) return true;
    const size_t row = across_ + 1;
    const uint32_t* above = &sums_[box.y0 * row];
    const uint32_t* below = &sums_[(box.y1 + 1) * row];
    return below[box.x1 + 1] - below[box.x0] != above[box.x1 + 1] - above[box.x0];
}

}  // namespace avatar
