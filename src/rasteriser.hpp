// Avatar to pixels: morph, project, sort, bin, blend; on all threads of the pool. Tiles in which nothing moved since the
// frame before are left as they are.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels.hpp"
#include "memory.hpp"
#include "picture.hpp"
#include "pool.hpp"
#include "tiles.hpp"

namespace avatar {

// What a scene is made of; all arrays are copied.
struct SceneInput {
    int splats, morphs;
    const float *positions, *scales, *rotations, *colors, *opacities;  // [N,3] [N,3] [N,4] wxyz [N,3] [N]
    const float* head_share;                                           // [N]
    const int64_t* morph_offsets;                                      // [M + 1]
    const uint32_t* morph_indices;                                     // [E], ascending within a morph
    const float* morph_deltas;                                         // [E, 3]
};

// body, head: [4, 4] avatar to camera, of what does not follow the head and of what does; focal: fx fy cx cy, px;
// blur: variance of the antialias filter, px².
View make_view(const float* body, const float* head, const float* focal, float blur, int width, int height);

enum Stage { kMorph, kProject, kSort, kBin, kBlend, kStages };

class Rasteriser {
   public:
    Rasteriser(const SceneInput& input, int threads, const Kernels& kernels);

    // weights: [M]; returns when every pixel of the target is written. Fastest into `picture`'s own memory.
    void render(const float* weights, const View& view, const Target& target);

    // Keeps a copy of a picture [height, width, 3] to lie behind the face; the target names it by `backdrop` and its number.
    void set_backdrop(const uint8_t* rgb, int width, int height, Target& target);
    // The same as it was kept last; false where that had another size.
    bool use_backdrop(Target& target) const;

    // Colours [N, 3] instead of those of the scene.
    void set_colors(const float* colors);

    // The memory that frames of this size are drawn in; nobody else may write there.
    Picture::Pixels picture(int width, int height) { return picture_.pixels(width, height); }
    bool owns(const uint8_t* pixels) const { return picture_.is_at(pixels); }

    const std::array<double, kStages>& stage_ms() const { return stage_ms_; }
    int visible() const { return visible_; }    // splats that were sorted
    int64_t pairs() const { return pairs_; }
    int redrawn() const { return redrawn_; }    // tiles
    int tiles() const { return tiles_.count(); }
    int splats() const { return splats_; }
    int threads() const { return pool_.threads(); }
    int active_threads() const { return pool_.active(); }
    const char* isa() const { return kernels_.name; }

   private:
    void load_scene(const SceneInput& input);
    void load_morphs(const SceneInput& input);
    void draw(const float* weights, const View& view, const Target& target, bool whole);
    void morph_and_project(const float* weights, const View& view, bool whole);
    void morph_block(int block, const float* weights);
    void project_block(int block, const View& view, const Before& before);
    void mark_moved(Tiles::Marker& marker, const Moved* moved, int count);
    void find_depths(const View& view);
    int bucket(float depth) const;
    void sort();
    void sort_group(int group);
    void bin();
    void count_group(int group);
    void list_group(int group);

    const Kernels& kernels_;
    Pool pool_;
    Picture picture_;
    Wide<uint32_t> backdrop_;
    int backdrop_width_ = 0, backdrop_height_ = 0;
    unsigned backdrop_number_ = 0;
    Tiles tiles_;
    int splats_ = 0, morphs_ = 0, blocks_ = 0, block_size_ = 0, groups_ = 0, buckets_ = 0;

    Wide<float> arrays_;     // 15 columns of padded_ floats: rest x y z, covariance, colour, peak, reach, share
    std::vector<float> morphed_;    // twice 3 columns: of this frame and of the one before
    float* centres_[2][3] = {};     // where they begin
    int newest_ = 0;                // which of the two is this frame's
    View view_{};                   // of the frame before
    size_t padded_ = 0;
    SceneArrays scene_{};
    const float* rest_[3] = {};
    float centre_[3] = {}, half_[3] = {};    // of the splats' box at rest, metres

    std::vector<int64_t> morph_starts_;  // [M, blocks + 1] into the entries below
    std::vector<uint32_t> morph_indices_;
    std::vector<float> morph_deltas_;

    Wide<Splat> projected_;
    std::vector<TileBox> boxes_;
    std::vector<float> depths_;
    std::vector<Moved> moved_;               // block b's start at b · block_size_
    std::vector<Tiles::Marker> markers_;     // by block
    std::vector<uint64_t> wanted_;           // keys of the splats in tiles that are drawn
    std::vector<uint32_t> bucket_starts_;    // [buckets + 1] into order_
    std::vector<uint64_t> order_;            // the same keys near to far: bits of the depth, then the splat
    std::vector<uint32_t> group_starts_;     // [groups + 1] buckets
    float depth_low_ = 0, depth_scale_ = 0;

    std::vector<uint32_t> tile_counts_;      // [groups, tiles], then the place where each goes
    std::vector<uint32_t> tile_starts_;      // [tiles + 1]
    std::vector<uint32_t> lists_;            // splats by tile, near to far

    std::array<double, kStages> stage_ms_{};
    int visible_ = 0, redrawn_ = 0;
    int64_t pairs_ = 0;
};

}  // namespace avatar
