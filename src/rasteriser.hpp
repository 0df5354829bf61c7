// Avatar to pixels: morph, project, sort, bin, blend; every stage on all threads of the pool.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels.hpp"
#include "pool.hpp"

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

enum Stage { kMorph, kProject, kSort, kBin, kBlend, kStages };

class Rasteriser {
   public:
    Rasteriser(const SceneInput& input, int threads, const Kernels& kernels);

    // weights: [M]; returns when every pixel of the target is written.
    void render(const float* weights, const View& view, const Target& target);

    const std::array<double, kStages>& stage_ms() const { return stage_ms_; }
    int visible() const { return visible_; }
    int64_t pairs() const { return pairs_; }
    int threads() const { return pool_.threads(); }
    int active_threads() const { return pool_.active(); }
    const char* isa() const { return kernels_.name; }

   private:
    void load_scene(const SceneInput& input);
    void load_morphs(const SceneInput& input);
    void morph_and_project(const float* weights, const View& view);
    void morph_block(int block, const float* weights);
    void project_block(int block, const View& view);
    void find_depths(const View& view);
    int bucket(float depth) const;
    void sort();
    void sort_group(int group);
    void bin(int width, int height);
    void count_group(int group);
    void list_group(int group);
    template <class Visit>
    void each_tile(int group, Visit visit) const;

    const Kernels& kernels_;
    Pool pool_;
    int splats_ = 0, morphs_ = 0, blocks_ = 0, block_size_ = 0, groups_ = 0, buckets_ = 0;

    std::vector<float> arrays_;     // 15 columns of padded_ floats: rest x y z, covariance, colour, peak, reach, share
    std::vector<float> morphed_;    // 3 columns
    size_t padded_ = 0;
    SceneArrays scene_{};
    const float* rest_[3] = {};
    float centre_[3] = {}, half_[3] = {};    // of the splats' box at rest, metres

    std::vector<int64_t> morph_starts_;  // [M, blocks + 1] into the entries below
    std::vector<uint32_t> morph_indices_;
    std::vector<float> morph_deltas_;

    std::vector<Splat> projected_;           // block b's visible splats start at b · block_size_
    std::vector<int> block_counts_;
    std::vector<uint32_t> bucket_counts_;    // [blocks, buckets], then the place where each goes
    std::vector<uint32_t> bucket_starts_;    // [buckets + 1]
    std::vector<TileBox> boxes_;             // beside projected_
    std::vector<float> depths_;              // beside projected_
    std::vector<uint64_t> order_;            // near to far: bits of the depth, then the number in projected_
    std::vector<uint32_t> group_starts_;     // [groups + 1] buckets
    float depth_low_ = 0, depth_scale_ = 0;

    int tiles_x_ = 0, tiles_y_ = 0;
    std::vector<uint32_t> tile_counts_;      // [groups, tiles], then the place where each goes
    std::vector<uint32_t> tile_starts_;      // [tiles + 1]
    std::vector<uint32_t> lists_;            // projected_ numbers by tile, near to far

    std::array<double, kStages> stage_ms_{};
    int visible_ = 0;
    int64_t pairs_ = 0;
};

}  // namespace avatar
