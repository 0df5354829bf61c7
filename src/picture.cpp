#include "picture.hpp"

#include <cstring>

#include "memory.hpp"

namespace avatar {

namespace {

// By bytes: what is not a number is the same as itself, and -0 is not 0.
template <class T>
bool same(const T& a, const T& b) {
    return std::memcmp(&a, &b, sizeof(T)) == 0;
}

}  // namespace

Picture::Pixels Picture::pixels(int width, int height) {
    if (pixels_ && target_.width == width && target_.height == height) return pixels_;
    valid_ = false;
    const size_t bytes = static_cast<size_t>(width) * height * 4;
    pixels_ = Pixels(static_cast<uint8_t*>(allocate_wide(bytes)), [bytes](uint8_t* place) { free_wide(place, bytes); });
    std::memset(pixels_.get(), 0, bytes);
    target_.width = width, target_.height = height;
    return pixels_;
}

bool Picture::differs(const Target& target) const {
    return !valid_ || target.backdrop_number != target_.backdrop_number || target.width != target_.width ||
           target.height != target_.height || target.alpha != target_.alpha || !same(target.smoke, target_.smoke) ||
           !same(target.background, target_.background);
}

bool Picture::shows(const float* weights, int morphs, const View& view) const {
    return valid_ && same(view, view_) && weights_.size() == static_cast<size_t>(morphs) &&
           (morphs == 0 || std::memcmp(weights, weights_.data(), weights_.size() * sizeof(float)) == 0);
}

void Picture::begin(const float* weights, int morphs, const View& view, const Target& target) {
    valid_ = false;
    target_ = target;
    view_ = view;
    weights_.assign(weights, weights + morphs);
}

}  // namespace avatar
