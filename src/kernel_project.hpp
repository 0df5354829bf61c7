// From the avatar's splats to those of the screen. Part of kernels.cpp.
#pragma once

#include "kernels.hpp"
#include "simd.hpp"

namespace avatar {
namespace {

constexpr float kNear = 0.01f;  // metres
constexpr float kLog2e = 1.44269504088896f;

struct Projected {
    float x[W], y[W], a[W], b[W], c[W], q[W], hw[W], hh[W], lean[W], shear[W], root[W], z[W],
        least[W];
    int32_t x0[W], x1[W], y0[W], y1[W];  // tiles, inclusive, or kNowhere
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
    VF half_width = keep_if(visible, vsqrt(vmax(reach * cxx, VF{})));
    VF a = cyy * scale, b = -2.0f * cxy * scale, c = cxx * scale;
    VF far = half_height + kMargin;
    store(out.x, v.fx * u + v.cx);
    store(out.y, v.fy * w + v.cy);
    store(out.a, a);
    store(out.b, b);
    store(out.c, c);
    store(out.q, exp2v(vmax(2.0f * c, splat(-126.0f))));
    store(out.hw, half_width);
    store(out.least, load(s.peak + i) + a * half_width * half_width + c * far * far - vmax(b, -b) * half_width * far);
    store(out.hh, half_height);
    store(out.lean, cxy / cyy * half_height);
    store(out.shear, cxy / cxx);
    store(out.root, vsqrt(vmax(det, VF{})) / cxx);
    store(out.z, z);
}

inline VI choose(VI which, VI yes, int no) { return (which & yes) | (~which & no); }

// The least whole number that is not below v, which is 0 or more.
inline VI whole_above(VF v) {
    const VI below = to_int(v);
    return below - (to_float(below) < v);  // a comparison that holds is -1
}

// The tiles that each splat touches. Pixel j has its centre at j + 0.5; not-finite numbers fail every comparison.
inline void find_tiles(Projected& p, const View& v) {
    const VF last_x = splat(v.width - 1.0f), last_y = splat(v.height - 1.0f);
    const VF hw = load(p.hw), hh = load(p.hh), x = load(p.x) - 0.5f, y = load(p.y) - 0.5f;
    const VF left = x - hw, right = x + hw, top = y - hh, bottom = y + hh;
    const VI x0 = whole_above(vmin(vmax(left, VF{}), last_x)), x1 = to_int(vmin(vmax(right, VF{}), last_x));
    const VI y0 = whole_above(vmin(vmax(top, VF{}), last_y)), y1 = to_int(vmin(vmax(bottom, VF{}), last_y));
    const VI inside = (right >= 0.0f) & (bottom >= 0.0f) & (left <= last_x) & (top <= last_y);
    const VI seen = (hw > 0.0f) & inside & (x0 <= x1) & (y0 <= y1);
    store_bits(p.x0, choose(seen, x0 / kTileWidth, kNowhere.x0));
    store_bits(p.x1, choose(seen, x1 / kTileWidth, kNowhere.x1));
    store_bits(p.y0, choose(seen, y0 / kTileHeight, kNowhere.y0));
    store_bits(p.y1, choose(seen, y1 / kTileHeight, kNowhere.y1));
}

inline TileBox tiles_of(const Projected& p, int k) {
    return {static_cast<uint16_t>(p.x0[k]), static_cast<uint16_t>(p.x1[k]), static_cast<uint16_t>(p.y0[k]),
            static_cast<uint16_t>(p.y1[k])};
}

// Which of W splats are not where they were before, or are seen from elsewhere: projection depends on nothing else that
// changes from frame to frame.
inline VI find_changed(const SceneArrays& s, const Before& before, int i) {
    if (!before.same_view) return VI{} - 1;
    VI changed = (load(s.x + i) != load(before.x + i)) | (load(s.y + i) != load(before.y + i)) |
                 (load(s.z + i) != load(before.z + i));
    if (!before.same_turn) changed |= load(s.share + i) != 0.0f;
    return changed;
}

int project(const SceneArrays& s, const View& v, const Before& before, int begin, int end, const Projection& out,
            Moved* moved) {
    Projected p;
    Moved* last = moved;
    for (int i = begin; i < end; i += W) {
        const VI changed = find_changed(s, before, i);
        if (!any(changed)) continue;
        project_lanes(s, v, i, p);
        find_tiles(p, v);
        const int lanes = end - i < W ? end - i : W;
        for (int k = 0; k < lanes; ++k) {
            if (changed[k] == 0) continue;
            const TileBox box = tiles_of(p, k);
            *last++ = {static_cast<uint32_t>(i + k), out.boxes[i + k]};
            out.boxes[i + k] = box;
            if (box.empty()) continue;
            out.depths[i + k] = p.z[k];
            out.splats[i + k] = {p.x[k], p.y[k], p.a[k], p.b[k], p.c[k], s.peak[i + k],
                                 s.red[i + k], s.green[i + k], s.blue[i + k], p.q[k],
                                 p.hw[k], p.lean[k], p.shear[k], p.root[k], p.least[k], 0};
        }
    }
    return static_cast<int>(last - moved);
}

}  // namespace
}  // namespace avatar
