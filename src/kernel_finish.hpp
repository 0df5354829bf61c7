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

inline VI packed(VI red, VI green, VI blue, VI alpha) { return red | (green << 8) | (blue << 16) | (alpha << 24); }

// W pixels of the picture behind.
inline VI backdrop_pixels(const Target& t, int x, int y) { return load_bits(t.backdrop + backdrop_place(t.width, x, y)); }

// 0–255.
inline void background_lanes(const Target& t, int x, int y, VF& red, VF& green, VF& blue) {
    if (!t.backdrop) {
        red = splat(255.0f * t.background[0]), green = splat(255.0f * t.background[1]);
        blue = splat(255.0f * t.background[2]);
        return;
    }
    const VI p = backdrop_pixels(t, x, y);
    red = to_float(p & 255), green = to_float((p >> 8) & 255), blue = to_float((p >> 16) & 255);
}

// How much is left of a colour: thin smoke around the head vanishes, coverage times smoothstep(0, smoke, coverage).
inline VF kept(VF through, float smoke) {
    if (!(smoke > 0.0f)) return splat(1.0f);
    const VF t = vmin((1.0f - through) * (1.0f / smoke), splat(1.0f));
    return t * t * (3.0f - 2.0f * t);
}

// Colours are 0–1 and their shares sum up to 1 at most, so that no byte runs over.
inline VI pack_opaque(const Cell& c, const Target& t, int x, int y) {
    const VF keep = kept(c.through, t.smoke), open = 1.0f - (1.0f - c.through) * keep, scale = 255.0f * keep;
    VF red, green, blue;
    background_lanes(t, x, y, red, green, blue);
    return packed(to_int(c.red * scale + (open * red + 0.5f)), to_int(c.green * scale + (open * green + 0.5f)),
                  to_int(c.blue * scale + (open * blue + 0.5f)), VI{} + 255);
}

inline VI pack(const Cell& c, const Target& t, int x, int y) {
    if (t.alpha == Alpha::kOpaque) return pack_opaque(c, t, x, y);
    const VF keep = kept(c.through, t.smoke), cover = (1.0f - c.through) * keep;
    const VF scale = t.alpha == Alpha::kStraight ? keep / vmax(cover, splat(1e-6f)) : keep;
    return packed(to_byte(c.red * scale), to_byte(c.green * scale), to_byte(c.blue * scale), to_byte(cover));
}

// Where nothing behind is seen.
inline VI pack_solid(const Cell& c) {
    return packed(to_int(c.red * 255.0f + 0.5f), to_int(c.green * 255.0f + 0.5f), to_int(c.blue * 255.0f + 0.5f), VI{} + 255);
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

// So that nothing is waited for when the tile is finished: its rows lie in a line of the cache each.
inline void prefetch_tile(const Target& t, int tile_x, int tile_y, int rows) {
    const int last_x = tile_x + kTileWidth < t.width ? tile_x + kTileWidth - 1 : t.width - 1;
    for (int r = 0; r < rows; ++r) {
        if (t.backdrop) __builtin_prefetch(t.backdrop + backdrop_place(t.width, tile_x, tile_y + r));
        __builtin_prefetch(pixel_at(t, tile_x, tile_y + r), 1);
        __builtin_prefetch(pixel_at(t, last_x, tile_y + r), 1);
    }
}

// Rows [first, end) of a tile's strip that begins at column x.
inline void write_rows(const Cell* cells, const Target& t, int x, int tile_y, int first, int end) {
    for (int r = first; r < end; ++r)
        write_pixels(pack(cells[r], t, x, tile_y + r), t.width - x, pixel_at(t, x, tile_y + r));
}

inline void write_solid(const Cell* cells, const Target& t, int x, int tile_y, int first, int end) {
    for (int r = first; r < end; ++r) write_pixels(pack_solid(cells[r]), t.width - x, pixel_at(t, x, tile_y + r));
}

// What is behind, in rows [y, end) of the picture.
inline void fill_rows(const Target& t, int x, int y, int end) {
    const bool picture = t.backdrop && t.alpha == Alpha::kOpaque;
    const VI plain = picture ? VI{} : pack(empty_cell(), t, x, y), opaque = VI{} + static_cast<int32_t>(0xff000000u);
    for (; y < end; ++y)
        write_pixels(picture ? backdrop_pixels(t, x, y) | opaque : plain, t.width - x, pixel_at(t, x, y));
}

// A tile with nothing in it.
void fill_tile(const Target& t, int tile_x, int tile_y) {
    for (int x = tile_x; x < tile_x + kTileWidth && x < t.width; x += W)
        fill_rows(t, x, tile_y, tile_y + rows_of(t, tile_y));
}

}  // namespace
}  // namespace avatar
