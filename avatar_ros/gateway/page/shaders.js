// Made by tools/write_web_shaders.py of render/gl_shaders.py: change that.

export const SIDE = 256;
export const KEY_STEPS = 65534;
export const EMBEDDED = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
`;
export const SIDES = `#define SIDE 256
#define ENTRY_SIDE 1024
#define KEY_STEPS 65534.0
`;
export const EVERY_PIXEL = `
void main() {  // one triangle over all of the target
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0;
    gl_Position = vec4(corner, 0.0, 1.0);
}
`;
export const PROJECT = `
uniform sampler2D places;    // position, share
uniform sampler2D shapes;    // covariance xx xy xz yy
uniform sampler2D shapes2;   // covariance yz zz, reach = 2 ln(255 opacity), where its entries begin
uniform sampler2D counts;    // number of its entries
uniform sampler2D entries;   // delta, morph
uniform sampler2D weights;   // of the morphs, in a row
uniform vec4 body[3];        // rows of the view matrix
uniform vec4 turn[3];        // what the head's view matrix adds to them
uniform vec4 lens;           // fx fy cx cy
uniform vec4 limits;         // left right top bottom, x / z and y / z
uniform vec4 depths;         // nearest key's depth, steps a metre, near plane, blur in px²
layout(location = 0) out vec4 flat_place;    // centre in px, reach as a distance, depth
layout(location = 1) out vec4 flat_shape;    // covariance xx xy yy in px², key

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec4 place = texelFetch(places, at, 0);
    vec4 shape = texelFetch(shapes, at, 0);
    vec4 shape2 = texelFetch(shapes2, at, 0);
    vec3 p = place.xyz;
    int first = int(shape2.w), last = first + int(texelFetch(counts, at, 0).x);
    for (int e = first; e < last; ++e) {
        vec4 entry = texelFetch(entries, ivec2(e % ENTRY_SIDE, e / ENTRY_SIDE), 0);
        p += entry.xyz * texelFetch(weights, ivec2(int(entry.w), 0), 0).x;
    }
    vec4 r0 = body[0] + place.w * turn[0], r1 = body[1] + place.w * turn[1], r2 = body[2] + place.w * turn[2];
    float x = dot(r0, vec4(p, 1.0)), y = dot(r1, vec4(p, 1.0)), z = dot(r2, vec4(p, 1.0));
    float far = 1.0 / max(z, depths.z);
    float u = clamp(x * far, limits.x, limits.y), v = clamp(y * far, limits.z, limits.w);
    vec3 a = lens.x * far * (r0.xyz - u * r2.xyz);  // how the screen moves with the avatar's axes
    vec3 b = lens.y * far * (r1.xyz - v * r2.xyz);
    mat3 s = mat3(shape.x, shape.y, shape.z, shape.y, shape.w, shape2.x, shape.z, shape2.x, shape2.y);
    float xx = dot(a, s * a) + depths.w, xy = dot(a, s * b), yy = dot(b, s * b) + depths.w;
    bool seen = z > depths.z && shape2.z > 0.0 && xx * yy - xy * xy > 0.0;
    float key = seen ? 1.0 + clamp((depths.x - z) * depths.y, 0.0, KEY_STEPS) : 0.0;
    flat_place = vec4(lens.x * x * far + lens.z, lens.y * y * far + lens.w, seen ? sqrt(shape2.z) : 0.0, z);
    flat_shape = vec4(xx, xy, yy, key);
}
`;
export const SPLAT_VERTEX = `
uniform sampler2D places;    // of the first pass
uniform sampler2D shapes;
uniform sampler2D colours;   // colour, opacity
uniform vec2 size;           // of the picture, px
in float number;             // of the splat
flat out vec4 colour;
flat out vec3 conic;
flat out vec2 centre;

void main() {
    int i = int(number);
    ivec2 at = ivec2(i % SIDE, i / SIDE);
    vec4 place = texelFetch(places, at, 0);
    vec3 c = texelFetch(shapes, at, 0).xyz;
    float middle = 0.5 * (c.x + c.z), half_gap = 0.5 * (c.x - c.z);
    float root = sqrt(half_gap * half_gap + c.y * c.y);
    float det = c.x * c.z - c.y * c.y;
    float major = middle + root, minor = det / major;
    vec2 axis = half_gap >= 0.0 ? vec2(half_gap + root, c.y) : vec2(c.y, root - half_gap);
    axis = root > 1e-6 * middle ? normalize(axis) : vec2(1.0, 0.0);
    vec2 corner = (vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0) * (place.z * 1.001);
    vec2 along = corner.x * sqrt(major) * axis + corner.y * sqrt(max(minor, 0.0)) * vec2(-axis.y, axis.x);
    colour = texelFetch(colours, at, 0);
    conic = vec3(c.z, -2.0 * c.y, c.x) * (-0.5 / det);
    centre = place.xy;
    gl_Position = place.z > 0.0 ? vec4((place.xy + along) / size * 2.0 - 1.0, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}
`;
export const SPLAT = `
flat in vec4 colour;
flat in vec3 conic;
flat in vec2 centre;
layout(location = 0) out vec4 covered;

void main() {
    vec2 d = gl_FragCoord.xy - centre;
    float alpha = colour.a * exp(conic.x * d.x * d.x + conic.y * d.x * d.y + conic.z * d.y * d.y);
    if (!(alpha >= 1.0 / 255.0)) discard;
    covered = vec4(colour.rgb * alpha, alpha);
}
`;
export const FINISH = `
uniform sampler2D covered;
uniform sampler2D picture;
uniform vec4 behind;         // colour, and 1 where a picture lies behind instead
uniform vec2 finish;         // smoke cover; kind: 0 opaque, 1 premultiplied, 2 straight
layout(location = 0) out vec4 bytes;

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec4 c = texelFetch(covered, at, 0);
    if (finish.x > 0.0) {
        float t = min(c.a / finish.x, 1.0);
        c *= t * t * (3.0 - 2.0 * t);
    }
    if (finish.y == 0.0) {
        vec3 back = behind.a > 0.0 ? texelFetch(picture, at, 0).rgb : behind.rgb;
        c = vec4(c.rgb + (1.0 - c.a) * back, 1.0);
    } else if (finish.y == 2.0) {
        c.rgb /= max(c.a, 1e-6);
    }
    bytes = floor(clamp(c, 0.0, 1.0) * 255.0 + 0.5) / 255.0;  // drivers round 229.5 either way: NVIDIA's takes 229
}
`;
