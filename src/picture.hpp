// The picture of the frame before, and what it shows besides the splats.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels.hpp"

namespace avatar {

class Picture {
   public:
    using Pixels = std::shared_ptr<uint8_t[]>;  // [height, width, 4]

    // The memory in which frames of this size are drawn; what was drawn at another size is forgotten.
    Pixels pixels(int width, int height);
    bool is_at(const uint8_t* place) const { return pixels_.get() == place; }

    // Whether the picture shows another size, background or finish than `target` asks for, or none yet.
    bool differs(const Target& target) const;
    // Whether the same face was drawn before, seen from the same place.
    bool shows(const float* weights, int morphs, const View& view) const;

    // Between the two the picture is nothing to rely on: a frame that fails leaves none behind.
    void begin(const float* weights, int morphs, const View& view, const Target& target);
    void finish() { valid_ = true; }
    void forget() { valid_ = false; }

   private:
    Pixels pixels_;
    bool valid_ = false;
    Target target_{};
    View view_{};
    std::vector<float> weights_;
};

}  // namespace avatar
