// Turning an avatar into the arrays that the kernels read.
#include <algorithm>
#include <cmath>
#include <functional>

#include "rasteriser.hpp"

namespace avatar {

namespace {

constexpr int kPad = 16;
constexpr int kColumns = 15;
constexpr int kSmallestBlock = 1024;
constexpr int kBlocksPerThread = 8;
constexpr int kSplatsPerBucket = 8;
constexpr int kFewestBuckets = 1024, kMostBuckets = 8192;

float within(float colour) { return colour > 0.0f ? std::min(colour, 1.0f) : 0.0f; }

// R·S²·Rᵀ of one splat as xx xy xz yy yz zz; rotation wxyz of unit length.
std::array<float, 6> covariance(const float* scale, const float* q) {
    double w = q[0], x = q[1], y = q[2], z = q[3];
    double r[3][3] = {{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
                      {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
                      {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}};
    std::array<float, 6> out;
    int k = 0;
    for (int i = 0; i < 3; ++i)
        for (int j = i; j < 3; ++j) {
            double sum = 0;
            for (int n = 0; n < 3; ++n) sum += r[i][n] * r[j][n] * scale[n] * scale[n];
            out[k++] = static_cast<float>(sum);
        }
    return out;
}

}  // namespace

View make_view(const float* body, const float* head, const float* focal, float blur, int width, int height) {
    View v{};
    std::copy(body, body + 12, v.body);
    std::transform(head, head + 12, body, v.turn, std::minus<float>());
    v.fx = focal[0], v.fy = focal[1], v.cx = focal[2], v.cy = focal[3], v.blur = blur;
    const float margin_x = 0.15f * width / v.fx, margin_y = 0.15f * height / v.fy;  // as gsplat's
    v.limit_left = -v.cx / v.fx - margin_x, v.limit_right = (width - v.cx) / v.fx + margin_x;
    v.limit_top = -v.cy / v.fy - margin_y, v.limit_bottom = (height - v.cy) / v.fy + margin_y;
    v.width = width, v.height = height;
    return v;
}

Rasteriser::Rasteriser(const SceneInput& input, int threads, const Kernels& kernels)
    : kernels_(kernels), pool_(std::max(1, threads)), splats_(input.splats), morphs_(input.morphs) {
    const int shares = kBlocksPerThread * pool_.threads();
    block_size_ = std::max(kSmallestBlock, (splats_ + shares - 1) / shares);
    block_size_ = (block_size_ + kPad - 1) / kPad * kPad;
    blocks_ = (splats_ + block_size_ - 1) / block_size_;
    groups_ = 4 * pool_.threads();
    buckets_ = std::clamp(splats_ / kSplatsPerBucket, kFewestBuckets, kMostBuckets);
    load_scene(input);
    load_morphs(input);
    projected_.resize(splats_);
    boxes_.resize(splats_, kNowhere);
    depths_.resize(splats_);
    moved_.resize(splats_);
    markers_.resize(blocks_);
    wanted_.reserve(splats_);
    order_.resize(splats_);
}

void Rasteriser::load_scene(const SceneInput& in) {
    padded_ = (static_cast<size_t>(splats_) + kPad - 1) / kPad * kPad;
    arrays_.assign(padded_ * kColumns, 0.0f);
    morphed_.assign(padded_ * 6, 0.0f);
    for (int k = 0; k < 6; ++k) centres_[k / 3][k % 3] = morphed_.data() + padded_ * k;
    auto column = [&](int c) { return arrays_.data() + padded_ * c; };
    for (int i = 0; i < splats_; ++i) {
        auto cov = covariance(in.scales + 3 * i, in.rotations + 4 * i);
        float opacity = std::min(in.opacities[i], kMaxAlpha);
        bool seen = opacity >= kAlphaThreshold;
        for (int k = 0; k < 3; ++k) column(k)[i] = in.positions[3 * i + k];
        for (int k = 0; k < 6; ++k) column(3 + k)[i] = cov[k];
        for (int k = 0; k < 3; ++k) column(9 + k)[i] = within(in.colors[3 * i + k]);
        column(12)[i] = seen ? std::log2(opacity) : -200.0f;
        column(13)[i] = seen ? 2.0f * std::log(255.0f * opacity) : 0.0f;
        column(14)[i] = in.head_share[i];
    }
    for (int k = 0; k < 3; ++k) rest_[k] = column(k);
    scene_ = {centres_[0][0], centres_[0][1], centres_[0][2], column(3), column(4), column(5), column(6), column(7), column(8),
              column(9), column(10), column(11), column(12), column(13), column(14)};
    for (int k = 0; k < 3 && splats_ > 0; ++k) {
        auto [low, high] = std::minmax_element(rest_[k], rest_[k] + splats_);
        centre_[k] = 0.5f * (*low + *high);
        half_[k] = 0.5f * (*high - *low) + 0.01f;  // morphs move splats by centimetres; the outermost buckets are open
    }
}

void Rasteriser::set_colors(const float* colors) {
    for (int k = 0; k < 3; ++k)
        for (int i = 0; i < splats_; ++i) arrays_[padded_ * (9 + k) + i] = within(colors[3 * i + k]);
    picture_.forget();
}

void Rasteriser::set_backdrop(const uint8_t* rgb, int width, int height, Target& target) {
    backdrop_.resize(backdrop_place(width, 0, (height + kTileHeight - 1) / kTileHeight * kTileHeight));
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x, rgb += 3)
            backdrop_[backdrop_place(width, x, y)] = rgb[0] | rgb[1] << 8 | rgb[2] << 16;
    backdrop_width_ = width, backdrop_height_ = height;
    ++backdrop_number_;
    use_backdrop(target);
}

bool Rasteriser::use_backdrop(Target& target) const {
    if (backdrop_number_ == 0 || backdrop_width_ != target.width || backdrop_height_ != target.height) return false;
    target.backdrop = backdrop_.data(), target.backdrop_number = backdrop_number_;
    return true;
}

void Rasteriser::load_morphs(const SceneInput& in) {
    int64_t entries = in.morph_offsets[morphs_];
    morph_indices_.assign(in.morph_indices, in.morph_indices + entries);
    morph_deltas_.assign(in.morph_deltas, in.morph_deltas + 3 * entries);
    morph_starts_.resize(static_cast<size_t>(morphs_) * (blocks_ + 1));
    for (int m = 0; m < morphs_; ++m) {
        auto first = morph_indices_.begin() + in.morph_offsets[m], last = morph_indices_.begin() + in.morph_offsets[m + 1];
        for (int b = 0; b <= blocks_; ++b)
            morph_starts_[static_cast<size_t>(m) * (blocks_ + 1) + b] =
                std::lower_bound(first, last, static_cast<uint32_t>(b) * block_size_) - morph_indices_.begin();
    }
}

}  // namespace avatar
