// What one instruction set offers: the inner loops, reached through a table chosen once at run time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace avatar {

constexpr int kTileWidth = 16;
constexpr int kTileHeight = 128;
constexpr float kAlphaThreshold = 1.0f / 255.0f;  // a splat adds nothing to a pixel below it
constexpr float kMaxAlpha = 0.999f;
constexpr float kMargin = 5.0f;                   // rows above an ellipse where a Gaussian may begin, and one

// A splat on the screen; 64 bytes, one cache line. Exponents are base 2:
// alpha(dx, dy) = 2^(peak + a·dx² + b·dx·dy + c·dy²), a, c < 0.
// The ellipse alpha = 1/255 spans, in column dx, the rows shear·dx ± root·√(half_width² − dx²).
struct alignas(64) Splat {
    float x, y;              // centre, px
    float a, b, c, peak;
    float red, green, blue;  // 0–1
    float q;                 // 2^(2c): how the ratio of neighbouring rows changes from row to row
    float half_width;        // of the ellipse, px
    float lean;              // column of the ellipse's lowest point; the highest is opposite
    float shear, root;
    float least;             // exponent that no pixel of a box around the ellipse is below, with kMargin rows more
    float unused;
};
static_assert(sizeof(Splat) == 64);

// The tiles that a splat's box touches, inclusive.
struct TileBox {
    uint16_t x0, x1, y0, y1;
    bool empty() const { return x0 > x1; }
    bool operator==(const TileBox& o) const { return x0 == o.x0 && x1 == o.x1 && y0 == o.y0 && y1 == o.y1; }
};
constexpr TileBox kNowhere = {1, 0, 1, 0};

// All splats by their numbers, as the frame before left them; a frame replaces what has changed.
struct Projection {
    Splat* splats;
    TileBox* boxes;  // kNowhere: not seen
    float* depths;   // metres, more than 0 where it is seen
};

// What a frame has in common with the one before.
struct Before {
    const float *x, *y, *z;  // morphed centres then
    bool same_view;          // all of View but `turn`
    bool same_turn;
};

// A splat that may not be what it was in the frame before, and where it was then.
struct Moved {
    uint32_t splat;
    TileBox before;
};

// The avatar as separate arrays, each padded to a multiple of 16 elements.
struct SceneArrays {
    const float *x, *y, *z;                            // morphed centres, avatar space
    const float *xx, *xy, *xz, *yy, *yz, *zz;          // covariance, avatar space
    const float *red, *green, *blue, *peak, *reach;    // peak = log2(opacity), reach = 2 ln(255·opacity)
    const float* share;                                // how much a splat follows the head, 0–1
};

struct View {
    float body[12];  // avatar to camera, rows of [R | t], OpenCV axes: where nothing follows the head
    float turn[12];  // the head's matrix less the body's; a splat's own is body + share · turn
    float fx, fy, cx, cy, blur;
    float limit_left, limit_right, limit_top, limit_bottom;  // clamp of x/z and y/z in the Jacobian
    int width, height;
};

enum class Alpha { kOpaque, kPremultiplied, kStraight };

struct Target {
    uint8_t* rgba;            // [height, width, 4]
    const uint32_t* backdrop; // a picture behind, R + 256 G + 65536 B each, see backdrop_place; or null
    float background[3];      // colour where there is none
    float smoke;              // coverage below which a pixel is thinned towards nothing; 0: never
    Alpha alpha;
    int width, height;
    unsigned backdrop_number; // the same as before: the picture is, too
};

// Pictures behind lie tile by tile, as they are read: the rows of a tile would be kilobytes apart. Static: each ISA has its own.
static inline size_t backdrop_place(int width, int x, int y) {
    const size_t across = (width + kTileWidth - 1) / kTileWidth;
    return ((y / kTileHeight * across + x / kTileWidth) * kTileHeight + y % kTileHeight) * kTileWidth + x % kTileWidth;
}

struct Kernels {
    const char* name;
    // Project those of splats [begin, end) that may have changed; lists them and returns their number.
    int (*project)(const SceneArrays&, const View&, const Before&, int begin, int end, const Projection& out,
                   Moved* moved);
    // Blend the listed splats, front to back, over one tile and write its pixels.
    void (*blend)(const Splat* splats, const uint32_t* list, int count, int tile_x, int tile_y, const Target&);
};

const Kernels& best_kernels();
const Kernels* kernels_by_name(const char* name);  // null where this machine or build lacks them

}  // namespace avatar
