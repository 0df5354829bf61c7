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

    // Whose tiles are drawn: each marker has counts of its own, so that several may mark at once.
    class Marker {
       public:
        void begin(const Tiles& tiles) { edges_.assign(tiles.with_edges(), 0); }
        void mark(const Tiles& tiles, TileBox box) {
            if (!box.empty()) tiles.add_corners(box, edges_.data());
        }

       private:
        friend class Tiles;
        std::vector<int32_t> edges_;
    };

    // After the last mark; markers count unless all are drawn.
    void finish(const std::vector<Marker>& markers);
    const std::vector<int>& drawn() const { return drawn_; }
    bool touches_drawn(TileBox box) const;  // false for an empty box

    // How many of some boxes lie over each tile: four corners a box are counted in [with_edges], then summed up. No box
    // may be empty.
    size_t with_edges() const { return static_cast<size_t>(across_ + 1) * (down_ + 1); }
    void add_corners(TileBox box, int32_t* edges) const;
    void sum_corners(const int32_t* edges, uint32_t* covers) const;  // [tiles]

    int across() const { return across_; }
    int count() const { return across_ * down_; }
    bool all() const { return all_; }

   private:
    int across_ = 0, down_ = 0;
    bool all_ = false;
    std::vector<int32_t> edges_;      // of the boxes that were marked
    std::vector<uint32_t> covers_;    // by tile: of those, how many lie over it
    std::vector<uint32_t> sums_;      // [down + 1, across + 1]: drawn tiles above and to the left
    std::vector<int> drawn_;
};

inline void Tiles::add_corners(TileBox box, int32_t* edges) const {
    const size_t row = across_ + 1;
    int32_t *top = edges + box.y0 * row, *below = edges + (box.y1 + 1) * row;
    ++top[box.x0], --top[box.x1 + 1], --below[box.x0], ++below[box.x1 + 1];
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
