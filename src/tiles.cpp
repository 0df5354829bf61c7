#include "tiles.hpp"

#include <numeric>

namespace avatar {

void Tiles::begin(int width, int height, bool all) {
    across_ = (width + kTileWidth - 1) / kTileWidth;
    down_ = (height + kTileHeight - 1) / kTileHeight;
    all_ = all;
}

void Tiles::sum_corners(const int32_t* edges, uint32_t* covers) const {
    for (int y = 0; y < down_; ++y, edges += across_ + 1, covers += across_) {
        uint32_t sum = 0;
        for (int x = 0; x < across_; ++x) {
            sum += static_cast<uint32_t>(edges[x]);
            covers[x] = sum + (y > 0 ? covers[x - across_] : 0);
        }
    }
}

void Tiles::finish(const std::vector<Marker>& markers) {
    drawn_.clear();
    if (all_) {
        drawn_.resize(count());
        std::iota(drawn_.begin(), drawn_.end(), 0);
        return;
    }
    edges_.assign(with_edges(), 0);
    for (const Marker& marker : markers)
        for (size_t i = 0; i < edges_.size(); ++i) edges_[i] += marker.edges_[i];
    covers_.resize(count());
    sum_corners(edges_.data(), covers_.data());
    const size_t row = across_ + 1;
    sums_.assign(with_edges(), 0);
    for (int y = 0; y < down_; ++y) {
        uint32_t sum = 0;
        for (int x = 0; x < across_; ++x) {
            const int tile = y * across_ + x;
            if (covers_[tile] != 0) drawn_.push_back(tile), ++sum;
            sums_[(y + 1) * row + x + 1] = sums_[y * row + x + 1] + sum;
        }
    }
    all_ = static_cast<int>(drawn_.size()) == count();
}

}  // namespace avatar
