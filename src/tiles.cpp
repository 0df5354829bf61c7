#include "tiles.hpp"

#include <algorithm>

namespace avatar {

void Tiles::begin(int width, int height, bool all) {
    across_ = (width + kTileWidth - 1) / kTileWidth;
    down_ = (height + kTileHeight - 1) / kTileHeight;
    all_ = all;
    marked_.assign(count(), all);
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

}  // namespace avatar
