#include "tiles.hpp"

#include <numeric>

namespace avatar {

void Tiles::begin(int width, int height, bool all) {
    across_ = (width + kTileWidth - 1) / kTileWidth;
    down_ = (height + kTileHeight - 1) / kTileHeight;
    all_ = all;
    if (!all) edges_.assign(static_cast<size_t>(across_ + 1) * (down_ + 1), 0);
}

void Tiles::finish() {
    drawn_.clear();
    if (all_) {
        drawn_.resize(count());
        std::iota(drawn_.begin(), drawn_.end(), 0);
        return;
    }
    const size_t row = across_ + 1;
    sums_.assign(row * (down_ + 1), 0);
    std::vector<int32_t> covers(across_);  // boxes over each tile of the row
    for (int y = 0; y < down_; ++y) {
        int32_t edge = 0;
        uint32_t sum = 0;
        for (int x = 0; x < across_; ++x) {
            edge += edges_[y * row + x];
            covers[x] += edge;
            if (covers[x] > 0) drawn_.push_back(y * across_ + x), ++sum;
            sums_[(y + 1) * row + x + 1] = sums_[y * row + x + 1] + sum;
        }
    }
    all_ = static_cast<int>(drawn_.size()) == count();
}

}  // namespace avatar
