// The rasteriser for browsers: what page/raster_worker.js calls. One avatar and one picture at a time, in one thread.
#include <emscripten.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "rasteriser.hpp"

namespace avatar {
extern const Kernels kKernels_wasm;
}

namespace {

constexpr float kJacobianMargin = 0.15f;  // of the picture, as in bindings.cpp
std::unique_ptr<avatar::Rasteriser> rasteriser;

avatar::View make_view(const float* body, const float* head, float focal, float blur, int width, int height) {
    avatar::View v{};
    std::copy(body, body + 12, v.body);
    std::transform(head, head + 12, body, v.turn, std::minus<float>());
    v.fx = v.fy = focal, v.cx = 0.5f * width, v.cy = 0.5f * height, v.blur = blur;
    v.limit_right = (0.5f + kJacobianMargin) * width / focal, v.limit_left = -v.limit_right;
    v.limit_bottom = (0.5f + kJacobianMargin) * height / focal, v.limit_top = -v.limit_bottom;
    v.width = width, v.height = height;
    return v;
}

}  // namespace

extern "C" {

// Arrays as in SceneInput; offsets: uint32 [morphs + 1].
EMSCRIPTEN_KEEPALIVE void create(int splats, int morphs, const float* positions, const float* scales,
                                 const float* rotations, const float* colors, const float* opacities,
                                 const float* share, const uint32_t* offsets, const uint32_t* indices,
                                 const float* deltas) {
    const std::vector<int64_t> wide(offsets, offsets + morphs + 1);
    const avatar::SceneInput input{splats,    morphs, positions,   scales,  rotations, colors,
                                   opacities, share,  wide.data(), indices, deltas};
    rasteriser = std::make_unique<avatar::Rasteriser>(input, 1, avatar::kKernels_wasm);
}

// weights: [morphs]; body, head: rows of the view matrices [3, 4] of what stays and of what follows the head;
// red, green, blue: 0-1 behind the head, red < 0: nothing is behind it, and `out` has straight alpha.
EMSCRIPTEN_KEEPALIVE void draw(const float* weights, const float* body, const float* head, float focal, float blur,
                               float smoke, float red, float green, float blue, int width, int height, uint8_t* out) {
    const auto alpha = red < 0 ? avatar::Alpha::kStraight : avatar::Alpha::kOpaque;
    rasteriser->render(weights, make_view(body, head, focal, blur, width, height),
                       {out, nullptr, {red, green, blue}, smoke, alpha, width, height, 0});
}

}
