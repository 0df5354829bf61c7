// The inner loops. Compiled once per instruction set (AVATAR_ISA names it); nothing here may be shared between
// the copies, so everything but the table lives in an unnamed namespace and no library template is used.
#include "kernels.hpp"

#include "simd.hpp"

namespace avatar {
namespace {

constexpr float kNear = 0.01f;               // metres
constexpr float kLog2e = 1.44269504088896f;
constexpr float kLog2Threshold = -7.99435343685886f;  // log2(1/255)
constexpr float kSaturated = 1.0f / 2048.0f;  // transmittance below which a row is finished
constexpr float kSteepStart = -100.0f;        // exponent from which the row recurrence could underflow
constexpr int kCheckEvery = 16;               // splats between two looks at saturation
constexpr int kStrips = kTileWidth / W;

struct Projected {
    float x[W], y[W], a[W], b[W], c[W], hw[W], hh[W], z[W];
};

// EWA projection (Zwicker et al. 2001, as 3D Gaussian Splatting): covariance J·R·S·Rᵀ·Jᵀ + blur.
inline void project_lanes(const SceneArrays& s, const View& v, int i, Projected& out) {
    const float* m = v.m;
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
    store(out.x, v.fx * u + v.cx);
    store(out.y, v.fy * w + v.cy);
    store(out.a, cyy * scale);
    store(out.b, -2.0f * cxy * scale);
    store(out.c, cxx * scale);
    store(out.hw, keep_if(visible, vsqrt(vmax(reach * cxx, VF{}))));
    store(out.hh, keep_if(visible, vsqrt(vmax(reach * cyy, VF{}))));
    store(out.z, z);
}

inline int clamp_to(float v, int high) {
    if (!(v > 0.0f)) return 0;
    return v > static_cast<float>(high) ? high : static_cast<int>(v);
}

int project(const SceneArrays& s, const View& v, int begin, int end, Splat* out) {
    Projected p;
    int count = 0;
    for (int i = begin; i < end; i += W) {
        project_lanes(s, v, i, p);
        int lanes = end - i < W ? end - i : W;
        for (int k = 0; k < lanes; ++k) {
            // Pixel j has its centre at j + 0.5; not-finite numbers fail every comparison and are dropped.
            float left = p.x[k] - p.hw[k] - 0.5f, right = p.x[k] + p.hw[k] - 0.5f;
            float top = p.y[k] - p.hh[k] - 0.5f, bottom = p.y[k] + p.hh[k] - 0.5f;
            if (!(p.hw[k] > 0.0f && right >= 0.0f && bottom >= 0.0f && left <= v.width - 1.0f &&
                  top <= v.height - 1.0f))
                continue;
            int x0 = clamp_to(__builtin_ceilf(left), v.width), x1 = clamp_to(right, v.width - 1);
            int y0 = clamp_to(__builtin_ceilf(top), v.height), y1 = clamp_to(bottom, v.height - 1);
            if (x0 > x1 || y0 > y1) continue;
            Splat& o = out[count++];
            o.x = p.x[k], o.y = p.y[k], o.a = p.a[k], o.b = p.b[k], o.c = p.c[k];
            o.peak = s.peak[i + k];
            o.red = s.red[i + k], o.green = s.green[i + k], o.blue = s.blue[i + k];
            o.q = 2.0f * p.c[k];
            o.half_width = p.hw[k], o.half_height = p.hh[k];
            o.x0 = static_cast<int16_t>(x0), o.x1 = static_cast<int16_t>(x1);
            o.y0 = static_cast<int16_t>(y0), o.y1 = static_cast<int16_t>(y1);
            o.depth = p.z[k];
            o.number = static_cast<uint32_t>(i + k);
        }
    }
    for (int i = 0; i < count; i += W) {
        VF q;
        for (int k = 0; k < W; ++k) q[k] = i + k < count ? out[i + k].q : 0.0f;
        q = exp2v(vmax(q, splat(-126.0f)));
        for (int k = 0; k < W && i + k < count; ++k) out[i + k].q = q[k];
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

struct Rows {
    int begin, end;
};

// Rows of the tile that the ellipse alpha = 1/255 touches within columns [left, right] (px from its centre).
inline Rows rows_touched(const Splat& s, float left, float right, float tile_y, const Strip& strip) {
    left = left < -s.half_width ? -s.half_width : left;
    right = right > s.half_width ? s.half_width : right;
    if (left > right) return {0, 0};
    float lean = -0.5f * s.b / s.a * s.half_height;  // column of the lowest point; the highest is opposite
    float shear = -0.5f * s.b / s.c;
    float level = kLog2Threshold - s.peak;
    float h2 = level / s.c, e = (s.a - 0.25f * s.b * s.b / s.c) / s.c;
    float low_at = lean < left ? left : (lean > right ? right : lean);
    float high_at = -lean < left ? left : (-lean > right ? right : -lean);
    float low2 = h2 - e * low_at * low_at, high2 = h2 - e * high_at * high_at;
    float bottom = shear * low_at + __builtin_sqrtf(low2 > 0 ? low2 : 0);
    float top = shear * high_at - __builtin_sqrtf(high2 > 0 ? high2 : 0);
    float first = __builtin_ceilf(s.y + top - 0.501f - tile_y), last = __builtin_floorf(s.y + bottom - 0.499f - tile_y);
    int begin = first > strip.top ? (first < kTileHeight ? static_cast<int>(first) : kTileHeight) : strip.top;
    int end = last < strip.bottom - 1 ? (last >= -1.0f ? static_cast<int>(last) + 1 : 0) : strip.bottom;
    return {begin, end};
}

// Gaussian along a column by recurrence: G(y+1) = G(y)·R(y), R(y+1) = R(y)·Q.
inline void blend_strip(const Splat& s, Strip& strip, Rows rows, VF dx, float dy) {
    VF red = splat(s.red), green = splat(s.green), blue = splat(s.blue);
    VF across = s.peak + s.a * dx * dx;
    VF start = across + dy * (s.b * dx + s.c * dy);
    if (__builtin_expect(start[0] < kSteepStart || start[W - 1] < kSteepStart, 0)) {
        for (int y = rows.begin; y < rows.end; ++y, dy += 1.0f)
            add(strip.rows[y], exp2v(across + dy * (s.b * dx + s.c * dy)), red, green, blue);
        return;
    }
    VF gauss = exp2v(start);
    VF ratio = exp2v(vmax(s.b * dx + s.c * (2.0f * dy + 1.0f), splat(-126.0f)));
    VF q = splat(s.q);
    for (int y = rows.begin; y < rows.end; ++y) {
        add(strip.rows[y], gauss, red, green, blue);
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

inline VI pack(const Cell& c, const Target& t, int x, int y) {
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

void blend(const Splat* splats, const uint32_t* list, int count, int tile_x, int tile_y, const Target& target) {
    Strip strips[kStrips];
    for (Strip& strip : strips) {
        for (Cell& cell : strip.rows) cell = {VF{}, VF{}, VF{}, splat(1.0f)};
        strip.top = 0;
        strip.bottom = target.height - tile_y < kTileHeight ? target.height - tile_y : kTileHeight;
    }
    const VF lanes = iota();
    for (int i = 0; i < count; ++i) {
        const Splat& s = splats[list[i]];
        if (i + 4 < count) __builtin_prefetch(&splats[list[i + 4]]);
        for (int k = 0; k < kStrips; ++k) {
            float left = tile_x + k * W + 0.5f - s.x;
            Rows rows = rows_touched(s, left, left + (W - 1), static_cast<float>(tile_y), strips[k]);
            if (rows.begin >= rows.end) continue;
            blend_strip(s, strips[k], rows, left + lanes, tile_y + rows.begin + 0.5f - s.y);
        }
        if (i % kCheckEvery == kCheckEvery - 1) {
            bool alive = false;
            for (Strip& strip : strips) {
                shrink(strip);
                alive |= strip.top < strip.bottom;
            }
            if (!alive) break;
        }
    }
    for (int k = 0; k < kStrips; ++k) write_strip(strips[k], target, tile_x + k * W, tile_y);
}

}  // namespace

extern const Kernels AVATAR_KERNELS;
const Kernels AVATAR_KERNELS = {AVATAR_ISA, project, blend};

}  // namespace avatar
