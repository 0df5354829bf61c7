// From colours and transmittance to the bytes of a picture. Part of kernels.cpp.
#pragma once

#include "kernels.hpp"
#include "simd.hpp"

namespace avatar {
namespace {

// Colours and transmittance of W pixels of one row.
struct alignas(4 * W) Cell {
    VF red, green, blue, through;
};

inline Cell empty_cell() { return {VF{}, VF{}, VF{}, splat(1.0f)}; }

inline VI to_byte(VF v) { return to_int(vmin(vmax(v, VF{}), splat(1.0f)) * 255.0f + 0.5f); }

// W pixels of the picture behind.
inline VI backdrop_pixels(const Target& t, int x, int y) { return load_bits(t.backdrop + backdrop_place(t.width, x, y)); }

inline void background_lanes(const Target& t, int x, int y, VF& red, VF& green, VF& blue) {
    if (!t.backdrop) {
        red = splat(t.background[0]), green = splat(t.background[1]), blue = splat(t.background[2]);
        return;
    }
    const VI p = backdrop_pixels(t, x, y);
    red = to_float(p & 255) * (1.0f / 255), green = to_float((p >> 8) & 255) * (1.0f / 255);
    blue = to_float((p >> 16) & 255) * (1.0f / 255);
}

// Thin smoke around the head vanishes: coverage times smoothstep(0, smoke, coverage).
inline Cell without_smoke(const Cell& c, float smoke) {
    const VF cover = 1.0f - c.through;
    const VF t = vmin(cover * (1.0f / smoke), splat(1.0f));
    const VF keep = t * t * (3.0f - 2.0f * t);
    return {c.red * keep, c.green * keep, c.blue * keep, 1.0f - cover * keep};
}

inline VI pack(const Cell& raw, const Target& t, int x, int y) {
    const Cell c = t.smoke > 0.0f ? without_smoke(raw, t.smoke) : raw;
    VF red = c.red, green = c.green, blue = c.blue;
    VI alpha = VI{} + 255;
    if (t.alpha == Alpha::kOpaque) {
        VF br, bg, bb;
        background_lanes(t, x, y, br, bg, bb);
        red += c.through * br, green += c.through * bg, blue += c.through * bb;
    } else {
        VF cover = 1.0f - c.through;
        alpha = to_byte(cover);
        if (t.alpha == Alpha::kStraight) {
            VF inverse = 1.0f / vmax(cover, splat(1e-6f));
            red *= inverse, green *= inverse, blue *= inverse;
        }
    }
    return to_byte(red) | (to_byte(green) << 8) | (to_byte(blue) << 16) | (alpha << 24);
}

inline uint8_t* pixel_at(const Target& t, int x, int y) { return t.rgba + (static_cast<int64_t>(y) * t.width + x) * 4; }

inline int rows_of(const Target& t, int y) { return t.height - y < kTileHeight ? t.height - y : kTileHeight; }

// The first `lanes` of W pixels.
inline void write_pixels(VI pixels, int lanes, uint8_t* out) {
    if (lanes >= W)
        store_bits(out, pixels);
    else
        std::memcpy(out, &pixels, 4u * static_cast<unsigned>(lanes));
}

// So that nothing is waited for when the tile is finished.
inline void prefetch_backdrop(const Target& t, int tile_x, int tile_y) {
    if (!t.backdrop) return;
    const uint32_t* tile = t.backdrop + backdrop_place(t.width, tile_x, tile_y);
    for (int r = 0; r < kTileHeight; ++r) __builtin_prefetch(tile + r * kTileWidth);
}

void write_strip(const Cell* cells, const Target& t, int x, int y) {
    const int rows = rows_of(t, y), lanes = t.width - x;
    if (lanes <= 0) return;
    for (int r = 0; r < rows; ++r) write_pixels(pack(cells[r], t, x, y + r), lanes, pixel_at(t, x, y + r));
}

// A tile with nothing in it: what is behind.
void fill_tile(const Target& t, int tile_x, int tile_y) {
    const bool picture = t.backdrop && t.alpha == Alpha::kOpaque;
    const VI plain = picture ? VI{} : pack(empty_cell(), t, tile_x, tile_y), opaque = VI{} + static_cast<int32_t>(0xff000000u);
    const int rows = rows_of(t, tile_y);
    for (int y = tile_y; y < tile_y + rows; ++y)
        for (int x = tile_x; x < tile_x + kTileWidth && x < t.width; x += W)
            write_pixels(picture ? backdrop_pixels(t, x, y) | opaque : plain, t.width - x, pixel_at(t, x, y));
}

}  // namespace
}  // namespace avatar
