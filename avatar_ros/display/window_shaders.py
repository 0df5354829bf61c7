"""Shaders of a window that draws for itself: GLSL 3.30 that is GLSL ES 3.00 as well, but for the first line."""

from __future__ import annotations

DESKTOP = "#version 330 core\n"
EMBEDDED = "#version 300 es\nprecision highp float;\nprecision highp int;\nprecision highp sampler2D;\n"

#: A box of the upright picture, turned as the panel is.
PLACE = """
uniform vec4 target;    // left top width height, px of the upright picture
uniform vec4 turn;      // rows of the turn: panel = turn * upright + moved
uniform vec4 moved;     // what comes to it, px; the panel's width and height, px
out vec2 across;        // 0-1 over the box
void main() {
    across = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    vec2 upright = target.xy + across * target.zw;
    vec2 panel = vec2(dot(turn.xy, upright), dot(turn.zw, upright)) + moved.xy;
    gl_Position = vec4(2.0 * panel.x / moved.z - 1.0, 1.0 - 2.0 * panel.y / moved.w, 0.0, 1.0);
}
"""

#: Bilinear where a picture is enlarged, the mean of the pixels where it shrinks.
DRAW = """
uniform sampler2D picture;
uniform vec4 source;    // left top width height, px of the picture
uniform vec2 step;      // pixels of the picture a pixel of the panel
in vec2 across;
out vec4 colour;
void main() {
    vec2 size = vec2(textureSize(picture, 0));
    ivec2 taps = ivec2(clamp(ceil(step), 1.0, 8.0));
    vec4 sum = vec4(0.0);
    for (int y = 0; y < taps.y; ++y) {
        for (int x = 0; x < taps.x; ++x) {
            vec2 inside = (vec2(x, y) + 0.5) / vec2(taps) - 0.5;
            vec2 at = source.xy + across * source.zw + inside * (taps.x * taps.y > 1 ? step : vec2(0.0));
            sum += texture(picture, clamp(at, source.xy + 0.5, source.xy + source.zw - 0.5) / size);
        }
    }
    colour = sum / float(taps.x * taps.y);
}
"""

EVERY_PIXEL = """
void main() {  // one triangle over all of the target
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0;
    gl_Position = vec4(corner, 0.0, 1.0);
}
"""

#: The whole panel moved and dimmed; what comes in at the edges is the edge itself.
CARE = """
uniform sampler2D picture;
uniform vec3 care;      // right, up in px, brightness
out vec4 colour;
void main() {
    ivec2 at = ivec2(gl_FragCoord.xy) - ivec2(care.xy);
    colour = vec4(texelFetch(picture, clamp(at, ivec2(0), textureSize(picture, 0) - 1), 0).rgb * care.z, 1.0);
}
"""
