#include "rasteriser.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

namespace avatar {

namespace {

constexpr size_t kInsertionLimit = 48;

double now_ms() {
    using namespace std::chrono;
    return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

// Positive floats order as their bits do; the number makes equal depths keep one order, whatever the threads did.
uint64_t sort_key(float depth, uint32_t number) {
    uint32_t bits;
    std::memcpy(&bits, &depth, sizeof(bits));
    return static_cast<uint64_t>(bits) << 32 | number;
}

float depth_of(uint64_t key) {
    const auto bits = static_cast<uint32_t>(key >> 32);
    float depth;
    std::memcpy(&depth, &bits, sizeof(depth));
    return depth;
}

// Counts [rows, bins] of a counting sort become the place where each row's share of each bin begins, bins in order and
// rows in order within a bin. starts: [bins + 1], where each bin begins. Returns the sum.
uint32_t counts_to_places(uint32_t* counts, int rows, int bins, uint32_t* starts) {
    std::memset(starts, 0, (bins + 1) * sizeof(uint32_t));
    for (int row = 0; row < rows; ++row)
        for (int k = 0; k < bins; ++k) starts[k] += counts[static_cast<size_t>(row) * bins + k];
    uint32_t sum = 0;
    for (int k = 0; k <= bins; ++k) sum += std::exchange(starts[k], sum);
    for (int row = 0; row < rows; ++row)
        for (int k = 0; k < bins; ++k) starts[k] += std::exchange(counts[static_cast<size_t>(row) * bins + k], starts[k]);
    for (int k = bins; k > 0; --k) starts[k] = starts[k - 1];  // they stand at their bins' ends now
    starts[0] = 0;
    return sum;
}

}  // namespace

void Rasteriser::render(const float* weights, const View& view, const Target& target) {
    const bool whole = picture_.differs(target);
    const Picture::Pixels pixels = picture_.pixels(target.width, target.height);
    stage_ms_ = {};
    redrawn_ = 0;
    if (whole || !picture_.shows(weights, morphs_, view)) {
        Target own = target;
        own.rgba = pixels.get();
        for (float& part : own.background) part = std::fmax(0.0f, std::fmin(part, 1.0f));
        picture_.begin(weights, morphs_, view, own);
        draw(weights, view, own, whole);
        picture_.finish();
    }
    if (target.rgba == pixels.get()) return;
    const size_t row = static_cast<size_t>(target.width) * 4;
    pool_.run((target.height + kTileHeight - 1) / kTileHeight, [&](int band) {
        const size_t begin = static_cast<size_t>(band) * kTileHeight;
        const size_t rows = std::min<size_t>(kTileHeight, target.height - begin);
        std::memcpy(target.rgba + begin * row, pixels.get() + begin * row, rows * row);
    });
}

void Rasteriser::draw(const float* weights, const View& view, const Target& target, bool whole) {
    const double started = now_ms();
    tiles_.begin(target.width, target.height, whole);
    morph_and_project(weights, view, whole);
    tiles_.finish(markers_);
    const double projected = now_ms();
    sort();
    const double sorted = now_ms();
    bin();
    const double binned = now_ms();
    const std::vector<int>& drawn = tiles_.drawn();
    redrawn_ = static_cast<int>(drawn.size());
    pool_.run(redrawn_, [&](int number) {
        const int tile = drawn[number];
        kernels_.blend(projected_.data(), lists_.data() + tile_starts_[tile],
                       static_cast<int>(tile_starts_[tile + 1] - tile_starts_[tile]),
                       tile % tiles_.across() * kTileWidth, tile / tiles_.across() * kTileHeight, target);
    });
    const double share = stage_ms_[kMorph];
    stage_ms_[kMorph] = share * (projected - started);
    stage_ms_[kProject] = (1 - share) * (projected - started);
    stage_ms_[kSort] = sorted - projected;
    stage_ms_[kBin] = binned - sorted;
    stage_ms_[kBlend] = now_ms() - binned;
}

// Block by block, so that the morphed centres are still in the cache when they are projected. Leaves the morphs' share
// of the time in stage_ms_[kMorph].
void Rasteriser::morph_and_project(const float* weights, const View& view, bool whole) {
    find_depths(view);
    View turned = view_;
    std::memcpy(turned.turn, view.turn, sizeof(view.turn));
    const float* const* then = centres_[newest_];
    const Before before{then[0], then[1], then[2], !whole && std::memcmp(&turned, &view, sizeof(View)) == 0,
                        std::memcmp(view_.turn, view.turn, sizeof(view.turn)) == 0};
    newest_ ^= 1;
    scene_.x = centres_[newest_][0], scene_.y = centres_[newest_][1], scene_.z = centres_[newest_][2];
    view_ = view;
    std::vector<double> morph_ms(blocks_), all_ms(blocks_);
    pool_.run(blocks_, [&](int block) {
        const double started = now_ms();
        morph_block(block, weights);
        morph_ms[block] = now_ms() - started;
        project_block(block, view, before);
        all_ms[block] = now_ms() - started;
    });
    const double all = std::accumulate(all_ms.begin(), all_ms.end(), 1e-9);
    stage_ms_[kMorph] = std::accumulate(morph_ms.begin(), morph_ms.end(), 0.0) / all;
}

void Rasteriser::morph_block(int block, const float* weights) {
    const size_t begin = static_cast<size_t>(block) * block_size_;
    const size_t size = std::min<size_t>(block_size_, padded_ - begin);
    float* moved[3];
    for (int k = 0; k < 3; ++k) {
        moved[k] = centres_[newest_][k];
        std::memcpy(moved[k] + begin, rest_[k] + begin, size * sizeof(float));
    }
    for (int m = 0; m < morphs_; ++m) {
        const float w = weights[m];
        if (w == 0.0f) continue;
        const int64_t* span = &morph_starts_[static_cast<size_t>(m) * (blocks_ + 1) + block];
        for (int64_t e = span[0]; e < span[1]; ++e) {
            const uint32_t i = morph_indices_[e];
            const float* delta = &morph_deltas_[3 * e];
            moved[0][i] += w * delta[0];
            moved[1][i] += w * delta[1];
            moved[2][i] += w * delta[2];
        }
    }
}

void Rasteriser::project_block(int block, const View& view, const Before& before) {
    const int begin = block * block_size_, end = std::min(begin + block_size_, splats_);
    Moved* const moved = moved_.data() + begin;
    const int count = kernels_.project(scene_, view, before, begin, end,
                                       {projected_.data(), boxes_.data(), depths_.data()}, moved);
    if (!tiles_.all()) mark_moved(markers_[block], moved, count);
}

// Where they are now, and where they were.
void Rasteriser::mark_moved(Tiles::Marker& marker, const Moved* moved, int count) {
    marker.begin(tiles_);
    for (const Moved* one = moved; one < moved + count; ++one) {
        const TileBox now = boxes_[one->splat];
        marker.mark(tiles_, now);
        if (!(one->before == now)) marker.mark(tiles_, one->before);
    }
}

// Depths of the avatar's bounding box, moved with the body and with the head, so that buckets need no pass over the
// splats.
void Rasteriser::find_depths(const View& view) {
    float low = 1e30f, high = -1e30f;
    for (const float share : {0.0f, 1.0f}) {
        float m[4];
        for (int k = 0; k < 4; ++k) m[k] = view.body[8 + k] + share * view.turn[8 + k];
        const float depth = m[0] * centre_[0] + m[1] * centre_[1] + m[2] * centre_[2] + m[3];
        const float reach = std::fabs(m[0]) * half_[0] + std::fabs(m[1]) * half_[1] + std::fabs(m[2]) * half_[2];
        low = std::min(low, depth - reach);
        high = std::max(high, depth + reach);
    }
    depth_low_ = low;
    depth_scale_ = buckets_ / std::max(high - low, 1e-6f);
}

int Rasteriser::bucket(float depth) const {
    float x = (depth - depth_low_) * depth_scale_;
    return x > 0 ? static_cast<int>(std::min(x, buckets_ - 1.0f)) : 0;
}

// What no tile that is drawn can show is not sorted. Counting sort into depth buckets; each is sorted on its own later.
void Rasteriser::sort() {
    std::vector<uint32_t>& starts = bucket_starts_;
    starts.assign(buckets_ + 1, 0);
    wanted_.clear();
    for (int i = 0; i < splats_; ++i) {
        if (!tiles_.touches_drawn(boxes_[i])) continue;
        wanted_.push_back(sort_key(depths_[i], static_cast<uint32_t>(i)));
        ++starts[bucket(depths_[i])];
    }
    visible_ = static_cast<int>(wanted_.size());
    uint32_t sum = 0;
    for (uint32_t& start : starts) sum += std::exchange(start, sum);
    for (const uint64_t key : wanted_) order_[starts[bucket(depth_of(key))]++] = key;
    for (int k = buckets_; k > 0; --k) starts[k] = starts[k - 1];  // they stand at their buckets' ends now
    starts[0] = 0;
    group_starts_.resize(groups_ + 1);  // buckets shared out so that every group has about as many splats
    for (int g = 0; g <= groups_; ++g) {
        const auto share = static_cast<uint32_t>(static_cast<uint64_t>(visible_) * g / groups_);
        group_starts_[g] = static_cast<uint32_t>(std::lower_bound(starts.begin(), starts.end(), share) - starts.begin());
    }
    group_starts_[0] = 0;
    group_starts_[groups_] = buckets_;
}

void Rasteriser::sort_group(int group) {
    for (uint32_t k = group_starts_[group]; k < group_starts_[group + 1]; ++k) {
        uint64_t *first = order_.data() + bucket_starts_[k], *last = order_.data() + bucket_starts_[k + 1];
        if (static_cast<size_t>(last - first) > kInsertionLimit) {
            std::sort(first, last);
            continue;
        }
        for (uint64_t* p = first + 1; p < last; ++p) {
            const uint64_t value = *p;
            uint64_t* hole = p;
            for (; hole > first && value < hole[-1]; --hole) *hole = hole[-1];
            *hole = value;
        }
    }
}

void Rasteriser::count_group(int group) {
    const size_t tiles = tiles_.count();
    uint32_t* counts = tile_counts_.data() + group * tiles;
    std::vector<int32_t> edges(tiles_.with_edges());
    const uint32_t last = bucket_starts_[group_starts_[group + 1]];
    for (uint32_t i = bucket_starts_[group_starts_[group]]; i < last; ++i)
        tiles_.add_corners(boxes_[static_cast<uint32_t>(order_[i])], edges.data());
    tiles_.sum_corners(edges.data(), counts);
}

void Rasteriser::list_group(int group) {
    uint32_t* places = tile_counts_.data() + static_cast<size_t>(group) * tiles_.count();
    const uint32_t last = bucket_starts_[group_starts_[group + 1]];
    for (uint32_t i = bucket_starts_[group_starts_[group]]; i < last; ++i) {
        const auto splat = static_cast<uint32_t>(order_[i]);
        const TileBox box = boxes_[splat];
        for (int y = box.y0; y <= box.y1; ++y)
            for (int x = box.x0; x <= box.x1; ++x) lists_[places[y * tiles_.across() + x]++] = splat;
    }
}

// Each group of depths counts its tiles, the counts become places, each group writes its own: nearer groups first.
void Rasteriser::bin() {
    const int tiles = tiles_.count();
    tile_counts_.resize(static_cast<size_t>(groups_) * tiles);
    tile_starts_.resize(tiles + 1);
    pool_.run(groups_, [&](int group) {
        sort_group(group);
        count_group(group);
    });
    const uint32_t place = counts_to_places(tile_counts_.data(), groups_, tiles, tile_starts_.data());
    pairs_ = place;
    if (lists_.size() < place) lists_.resize(place + place / 4);
    pool_.run(groups_, [&](int group) { list_group(group); });
}

}  // namespace avatar
