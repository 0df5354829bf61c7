// Draws frames from a file into another, without Python: how the kernels of a processor that is not at hand are tried in
// an emulator (test/unit/render/test_aarch64.py writes the file). Built with -DAVATAR_FRAME_TOOL=ON.
//
//   frame_tool SCENE FRAMES
//
// SCENE, little endian: int32 splats, morphs, entries, threads, width, height, frames; the arrays of SceneInput in its
// order; then for each frame float32 weights [M], body [16], head [16], focal [4], blur, background [3], smoke, and int32
// alpha (0 opaque, 1 premultiplied, 2 straight). FRAMES: uint8 [frames, height, width, 4].
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "rasteriser.hpp"

namespace {

struct Reader {
    std::FILE* file;

    template <class T>
    std::vector<T> take(size_t count) {
        std::vector<T> values(count);
        if (std::fread(values.data(), sizeof(T), count, file) != count) {
            std::fprintf(stderr, "frame_tool: the scene ends too early\n");
            std::exit(2);
        }
        return values;
    }
};

avatar::Target target_of(const float* look, int32_t alpha, std::vector<uint8_t>& pixels, int width, int height) {
    return {pixels.data(), nullptr, {look[0], look[1], look[2]}, look[3], static_cast<avatar::Alpha>(alpha), width, height, 0};
}

}  // namespace

int main(int count, char** arguments) {
    std::FILE* in = count == 3 ? std::fopen(arguments[1], "rb") : nullptr;
    std::FILE* out = in ? std::fopen(arguments[2], "wb") : nullptr;
    if (!out) {
        std::fprintf(stderr, "frame_tool SCENE FRAMES: give two files that can be opened\n");
        return 2;
    }
    Reader read{in};
    const auto head = read.take<int32_t>(7);
    const int splats = head[0], morphs = head[1], entries = head[2], width = head[4], height = head[5];
    const auto positions = read.take<float>(3 * splats), scales = read.take<float>(3 * splats);
    const auto rotations = read.take<float>(4 * splats), colors = read.take<float>(3 * splats);
    const auto opacities = read.take<float>(splats), share = read.take<float>(splats);
    const auto offsets = read.take<int64_t>(morphs + 1);
    const auto indices = read.take<uint32_t>(entries);
    const auto deltas = read.take<float>(3 * entries);
    avatar::Rasteriser rasteriser({splats, morphs, positions.data(), scales.data(), rotations.data(), colors.data(),
                                   opacities.data(), share.data(), offsets.data(), indices.data(), deltas.data()},
                                  head[3], avatar::best_kernels());
    std::vector<uint8_t> pixels(static_cast<size_t>(width) * height * 4);
    for (int frame = 0; frame < head[6]; ++frame) {
        const auto weights = read.take<float>(morphs), body = read.take<float>(16), turned = read.take<float>(16);
        const auto focal = read.take<float>(4), blur = read.take<float>(1), look = read.take<float>(4);
        const auto alpha = read.take<int32_t>(1);
        rasteriser.render(weights.data(),
                          avatar::make_view(body.data(), turned.data(), focal.data(), blur[0], width, height),
                          target_of(look.data(), alpha[0], pixels, width, height));
        if (std::fwrite(pixels.data(), 1, pixels.size(), out) != pixels.size()) return 1;
    }
    std::printf("%s %d/%d\n", rasteriser.isa(), rasteriser.redrawn(), rasteriser.tiles());
    return std::fclose(out) == 0 ? 0 : 1;
}
