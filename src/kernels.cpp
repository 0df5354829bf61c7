// The inner loops. Compiled once per instruction set (AVATAR_ISA names it); nothing here may be shared between
// the copies, so everything but the table lives in an unnamed namespace and no library template is used.
#include "kernels.hpp"

#include "simd.hpp"

namespace avatar {
namespace {

constexpr float kNear = 0.01f;               // metres
constexpr float kLog2e = 1.44269504088896f;
constexpr float kSaturated = 1.0f / 2048.0f;  // transmittance below which a row is finished
constexpr float kSteepStart = -100.0f;        // exponent from which the row recurrence could underflow
constexpr int kChunk = 32;                    // splats between two looks at saturation
constexpr int kStrips = kTileWidth / W;

struct Projected {
    float x[W], y[W], a[W], b[W], c[W], q[W], hw[W], hh[W], lean[W], shear[W], root[W], z[W];
};

// EWA projection (Zwicker et al. 2001, as 3D Gaussian Splatting): covariance J·R·S·Rᵀ·Jᵀ + blur.
inline void project_lanes(const SceneArrays& s, const View& v, int i, Projected& out) {
    const VF share = load(s.share + i);
    VF m[12];
    for (int k = 0; k < 12; ++k) m[k] = v.body[k] + share * v.turn[k];
    VF px = load(s.x + i), py = load(s.y + i), pz = load(s.z + i);
    VF x = m[0] * px + m[1] * py + m[2] * pz + m[3];
    VF y = m[4] * px + m[5] * py + m[6] * pz + m[7];
    VF z = m[8] * px + m[9] * py + m[10] * pz + m[11];
    VF safe = vmax(z, splat(kNear));
    VF iz = 1.0f / safe;
    VF u = x * iz, w = y * iz;
    VF tu = vmin(vmax(u, splat(v.limit_left)), splat(v.limit_right));
    VF tw = vmin(vmax(w, splat(v.limit_top)), splat(v.limit_bottom));
    VF jx = v.fx * iz, jy = v.fy * iz;
    // Rows of J·R: how the screen moves with the avatar's axes.
    VF a0 = jx * (m[0] - tu * m[8]), a1 = jx * (m[1] - tu * m[9]), a2 = jx * (m[2] - tu * m[10]);
    VF b0 = jy * (m[4] - tw * m[8]), b1 = jy * (m[5] - tw * m[9]), b2 = jy * (m[6] - tw * m[10]);
    VF xx = load(s.xx + i), xy = load(s.xy + i), xz = load(s.xz + i);
    VF yy = load(s.yy + i), yz = load(s.yz + i), zz = load(s.zz + i);
    VF sa0 = xx * a0 + xy * a1 + xz * a2, sa1 = xy * a0 + yy * a1 + yz * a2, sa2 = xz * a0 + yz * a1 + zz * a2;
    VF sb0 = xx * b0 + xy * b1 + xz * b2, sb1 = xy * b0 + yy * b1 + yz * b2, sb2 = xz * b0 + yz * b1 + zz * b2;
    VF cxx = a0 * sa0 + a1 * sa1 + a2 * sa2 + v.blur;
    VF cxy = a0 * sb0 + a1 * sb1 + a2 * sb2;
    VF cyy = b0 * sb0 + b1 * sb1 + b2 * sb2 + v.blur;
    VF det = cxx * cyy - cxy * cxy;
    VF scale = -0.5f * kLog2e / vmax(det, splat(1e-12f));
    VF reach = load(s.reach + i);
    VI visible = (z > kNear) & (reach > 0.0f) & (det > 0.0f);
    VF half_height = keep_if(visible, vsqrt(vmax(reach * cyy, VF{})));
    VF c = cxx * scale;
    store(out.x, v.fx * u + v.cx);
    store(out.y, v.fy * w + v.cy);
    store(out.a, cyy * scale);
    store(out.b, -2.0f * cxy * scale);
    store(out.c, c);
    store(out.q, exp2v(vmax(2.0f * c, splat(-126.0f))));
    store(out.hw, keep_if(visible, vsqrt(vmax(reach * cxx, VF{}))));
    store(out.hh, half_height);
    store(out.lean, cxy / cyy * half_height);
    store(out.shear, cxy / cxx);
    store(out.root, vsqrt(vmax(det, VF{})) / cxx);
    store(out.z, z);
}

inline int clamp_to(float v, int high) {
    if (!(v > 0.0f)) return 0;
    return v > static_cast<float>(high) ? high : static_cast<int>(v);
}

int project(const SceneArrays& s, const View& v, int begin, int end, Splat* out, TileBox* boxes, float* depths) {
    Projected p;
    int count = 0;
    for (int i = begin; i < end; i += W) {
        project_lanes(s, v, i, p);
        const int lanes = end - i < W ? end - i : W;
        for (int k = 0; k < lanes; ++k) {
            // Pixel j has its centre at j + 0.5; not-finite numbers fail every comparison and are dropped.
            const float left = p.x[k] - p.hw[k] - 0.5f, right = p.x[k] + p.hw[k] - 0.5f;
            const float top = p.y[k] - p.hh[k] - 0.5f, bottom = p.y[k] + p.hh[k] - 0.5f;
            if (!(p.hw[k] > 0.0f && right >= 0.0f && bottom >= 0.0f && left <= v.width - 1.0f &&
                  top <= v.height - 1.0f))
                continue;
            const int x0 = clamp_to(__builtin_ceilf(left), v.width), x1 = clamp_to(right, v.width - 1);
            const int y0 = clamp_to(__builtin_ceilf(top), v.height), y1 = clamp_to(bottom, v.height - 1);
            if (x0 > x1 || y0 > y1) continue;
            boxes[count] = {static_cast<uint16_t>(x0 / kTileWidth), static_cast<uint16_t>(x1 / kTileWidth),
                            static_cast<uint16_t>(y0 / kTileHeight), static_cast<uint16_t>(y1 / kTileHeight)};
            depths[count] = p.z[k];
            out[count++] = {p.x[k], p.y[k], p.a[k], p.b[k], p.c[k], s.peak[i + k],
                            s.red[i + k], s.green[i + k], s.blue[i + k], p.q[k],
                            p.hw[k], p.lean[k], p.shear[k], p.root[k], {0, 0}};
        }
    }
    return count;
}

// Colours and transmittance of W pixels of one row.
struct alignas(4 * W) Cell {
    VF red, green, blue, through;
};

// One strip of the tile: W columns, its rows still alive in [top, bottom).
struct Strip {
    Cell rows[kTileHeight];
    int top, bottom;
};

inline void add(Cell& cell, VF alpha, VF red, VF green, VF blue) {
    VF weight = keep_if(alpha >= kAlphaThreshold, alpha) * cell.through;
    cell.red += weight * red;
    cell.green += weight * green;
    cell.blue += weight * blue;
    cell.through -= weight;
}

// Rows [begin, end) of one strip that one splat touches.
struct Item {
    uint32_t splat;
    int16_t strip, begin, end;
};

// First and last rows of all strips at once: lanes [0, kStrips) hold the tops, the others the bottoms.
typedef float VE __attribute__((vector_size(8 * kStrips)));
typedef int32_t VEI __attribute__((vector_size(8 * kStrips)));

struct Edges {
    VE left, right;  // px, the strips' outermost pixel centres
    VE sign, bias;   // -1 or 1; rounds a top up and a bottom to the row after it
    VE low, high;    // rows still alive
    float tile_y;
};

inline VE vesqrt(VE v) {
    VE out;
    for (int i = 0; i < 2 * kStrips; ++i) out[i] = __builtin_sqrtf(v[i]);
    return out;
}

Edges make_edges(const Strip* strips, int tile_x, int tile_y) {
    Edges e;
    for (int i = 0; i < 2 * kStrips; ++i) {
        const int k = i % kStrips;
        const bool bottom = i >= kStrips;
        e.left[i] = tile_x + k * W + 0.5f;
        e.right[i] = e.left[i] + (W - 1);
        e.sign[i] = bottom ? 1.0f : -1.0f;
        e.bias[i] = bottom ? 0.501f : 0.499f;
        e.low[i] = bottom ? 0.0f : static_cast<float>(strips[k].top);
        e.high[i] = bottom ? static_cast<float>(strips[k].bottom) : static_cast<float>(kTileHeight);
    }
    e.tile_y = static_cast<float>(tile_y);
    return e;
}

// Appends the strips of the tile that the splat touches; returns the new end. Free of branches.
inline Item* find_rows(const Splat& s, uint32_t number, const Edges& e, Item* items) {
    VE left = e.left - s.x, right = e.right - s.x;
    left = left > -s.half_width ? left : VE{} - s.half_width;
    right = right < s.half_width ? right : VE{} + s.half_width;
    VE at = e.sign * s.lean;
    at = at > left ? at : left;
    at = at < right ? at : right;
    VE inside = s.half_width * s.half_width - at * at;
    inside = inside > 0.0f ? inside : VE{};
    VE rows = s.shear * at + e.sign * (s.root * vesqrt(inside)) + (s.y - e.tile_y) + e.bias;
    rows = rows > e.low ? rows : e.low;
    rows = rows < e.high ? rows : e.high;
    VEI row = __builtin_convertvector(rows, VEI);
    VEI missed = left > right;
    for (int k = 0; k < kStrips; ++k) {
        *items = {number, static_cast<int16_t>(k), static_cast<int16_t>(row[k]),
                  static_cast<int16_t>(row[k + kStrips])};
        items += (row[k] < row[k + kStrips]) & ~missed[k] & 1;
    }
    return items;
}

// Gaussian along a column by recurrence: G(y+1) = G(y)·R(y), R(y+1) = R(y)·Q.
inline void blend_strip(const Splat& s, Cell* cell, int rows, VF dx, float dy) {
    const VF red = splat(s.red), green = splat(s.green), blue = splat(s.blue);
    const VF across = s.peak + s.a * dx * dx;
    const VF start = across + dy * (s.b * dx + s.c * dy);
    if (__builtin_expect(start[0] < kSteepStart || start[W - 1] < kSteepStart, 0)) {
        for (; rows > 0; --rows, ++cell, dy += 1.0f)
            add(*cell, exp2v(across + dy * (s.b * dx + s.c * dy)), red, green, blue);
        return;
    }
    VF gauss = exp2v(start);
    VF ratio = exp2v(vmax(s.b * dx + s.c * (2.0f * dy + 1.0f), splat(-126.0f)));
    const VF q = splat(s.q);
    for (; rows > 0; --rows, ++cell) {
        add(*cell, gauss, red, green, blue);
        gauss *= ratio;
        ratio *= q;
    }
}

inline void shrink(Strip& strip) {
    while (strip.top < strip.bottom && !any(strip.rows[strip.top].through > kSaturated)) ++strip.top;
    while (strip.top < strip.bottom && !any(strip.rows[strip.bottom - 1].through > kSaturated)) --strip.bottom;
}

inline VI to_byte(VF v) { return to_int(vmin(vmax(v, VF{}), splat(1.0f)) * 255.0f + 0.5f); }

inline void background_lanes(const Target& t, int x, int y, VF& red, VF& green, VF& blue) {
    if (!t.image) {
        red = splat(t.background[0]), green = splat(t.background[1]), blue = splat(t.background[2]);
        return;
    }
    red = green = blue = VF{};
    const uint8_t* p = t.image + (static_cast<int64_t>(y) * t.width + x) * 3;
    int lanes = t.width - x < W ? t.width - x : W;
    VI r{}, g{}, b{};
    for (int k = 0; k < lanes; ++k) r[k] = p[3 * k], g[k] = p[3 * k + 1], b[k] = p[3 * k + 2];
    red = to_float(r) * (1.0f / 255), green = to_float(g) * (1.0f / 255), blue = to_float(b) * (1.0f / 255);
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

void write_strip(const Strip& strip, const Target& t, int x, int y) {
    int rows = t.height - y < kTileHeight ? t.height - y : kTileHeight;
    int lanes = t.width - x < W ? t.width - x : W;
    if (lanes <= 0) return;
    for (int r = 0; r < rows; ++r) {
        VI pixels = pack(strip.rows[r], t, x, y + r);
        std::memcpy(t.rgba + (static_cast<int64_t>(y + r) * t.width + x) * 4, &pixels, 4u * lanes);
    }
}

// Looks at the rows that finished meanwhile; false where none is left.
bool shrink_all(Strip* strips) {
    bool alive = false;
    for (int k = 0; k < kStrips; ++k) {
        shrink(strips[k]);
        alive |= strips[k].top < strips[k].bottom;
    }
    return alive;
}

void blend(const Splat* splats, const uint32_t* list, int count, int tile_x, int tile_y, const Target& target) {
    Strip strips[kStrips];
    for (Strip& strip : strips) {
        for (Cell& cell : strip.rows) cell = {VF{}, VF{}, VF{}, splat(1.0f)};
        strip.top = 0;
        strip.bottom = target.height - tile_y < kTileHeight ? target.height - tile_y : kTileHeight;
    }
    const VF lanes = iota();
    Item items[kChunk * kStrips + 1];
    for (int begin = 0; begin < count; begin += kChunk) {
        if (begin > 0 && !shrink_all(strips)) break;
        const Edges edges = make_edges(strips, tile_x, tile_y);
        const int end = count - begin < kChunk ? count : begin + kChunk;
        Item* last = items;
        for (int i = begin; i < end; ++i) {
            __builtin_prefetch(&splats[list[i + 8 < count ? i + 8 : i]]);
            last = find_rows(splats[list[i]], list[i], edges, last);
        }
        for (const Item* item = items; item < last; ++item) {
            const Splat& s = splats[item->splat];
            blend_strip(s, strips[item->strip].rows + item->begin, item->end - item->begin,
                        tile_x + item->strip * W + 0.5f - s.x + lanes, tile_y + item->begin + 0.5f - s.y);
        }
    }
    for (int k = 0; k < kStrips; ++k) write_strip(strips[k], target, tile_x + k * W, tile_y);
}

}  // namespace

extern const Kernels AVATAR_KERNELS;
const Kernels AVATAR_KERNELS = {AVATAR_ISA, project, blend};

}  // namespace avatar
