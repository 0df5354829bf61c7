// An avatar as textures, and the passes that place and blend its splats: as render/gl_scene.py.

import { morphWeights } from './avatar_file.js';
import { modelView } from './camera.js';
import { makeFramebuffer, makeProgram, makeTexture } from './gl_program.js';
import { EVERY_PIXEL, KEY_STEPS, PROJECT, SIDE, SPLAT, SPLAT_VERTEX } from './shaders.js';

/** @typedef {import('./avatar_file.js').Avatar} Avatar */
/** @typedef {import('./camera.js').Camera} Camera */

const MAX_ALPHA = 0.999;
const ALPHA_THRESHOLD = 1 / 255;
const NEAR_M = 0.01;
const JACOBIAN_MARGIN = 0.15; // of the picture, as in bindings.cpp

export class GlScene {
  /** @param {WebGL2RenderingContext} gl @param {Avatar} avatar */
  constructor(gl, avatar) {
    this.gl = gl;
    this.avatar = avatar;
    this.rows = Math.ceil(avatar.splats / SIDE);
    if (this.rows > gl.getParameter(gl.MAX_TEXTURE_SIZE)) throw new Error('the avatar is too large for this card');
    this.projecting = makeProgram(gl, EVERY_PIXEL, PROJECT);
    this.blending = makeProgram(gl, SPLAT_VERTEX, SPLAT);
    this.places = this.#texture(4);
    const { shapes, shapes2, colours } = tables(avatar, this.rows * SIDE);
    const none = this.#texture(1); // centres are morphed here: no splat has entries
    this.inputs = [this.places, this.#texture(4, shapes), this.#texture(4, shapes2), none, none, none];
    this.colours = this.#texture(4, colours);
    this.projected = [this.#texture(4), this.#texture(4)];
    this.framebuffer = makeFramebuffer(gl, this.projected);
    this.#bindNames();
    this.#makeQuads();
    this.centres = new Float32Array(4 * SIDE * this.rows);
    for (let i = 0; i < avatar.splats; ++i) this.centres[4 * i + 3] = avatar.share[i];
    this.sorter = new Sorter(avatar.splats);
  }

  /** Morph, pose and project. @param {ArrayLike<number>} weights [52] @param {ArrayLike<number>} head @param {Camera} camera */
  project(weights, head, camera) {
    const { gl, avatar, centres } = this;
    morph(avatar, morphWeights(avatar, weights), centres);
    const body = camera.view;
    const turned = modelView(camera, head);
    const turn = turned.map((x, k) => x - body[k]);
    this.order = this.sorter.sort(centres, body.subarray(8, 12), turn.subarray(8, 12));
    gl.bindTexture(gl.TEXTURE_2D, this.places);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, SIDE, this.rows, gl.RGBA, gl.FLOAT, centres);
    gl.useProgram(this.projecting);
    const { width, height, focal, blur } = camera;
    const [right, bottom] = [width, height].map((side) => ((0.5 + JACOBIAN_MARGIN) * side) / focal);
    const at = (/** @type {string} */ name) => gl.getUniformLocation(this.projecting, name);
    gl.uniform4fv(at('body'), body.slice(0, 12));
    gl.uniform4fv(at('turn'), turn.slice(0, 12));
    gl.uniform4f(at('lens'), focal, focal, width / 2, height / 2);
    gl.uniform4f(at('limits'), -right, right, -bottom, bottom);
    gl.uniform4f(at('depths'), 0, 0, NEAR_M, blur); // the keys are made here, see Sorter
    this.#use(this.inputs);
    gl.disable(gl.BLEND);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
    gl.viewport(0, 0, SIDE, this.rows);
    gl.bindVertexArray(null);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** Blend all splats, farthest first, into the framebuffer at hand. @param {number} width @param {number} height px */
  blend(width, height) {
    const { gl } = this;
    gl.useProgram(this.blending);
    gl.uniform2f(gl.getUniformLocation(this.blending, 'size'), width, height);
    this.#use([...this.projected, this.colours]);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindVertexArray(this.quads ?? null);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.orderBuffer ?? null);
    gl.bufferData(gl.ARRAY_BUFFER, /** @type {Float32Array} */ (this.order), gl.STREAM_DRAW);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.avatar.splats);
    gl.bindVertexArray(null);
    gl.disable(gl.BLEND);
  }

  /** @param {number} channels @param {Float32Array} [values] [SIDE * rows, channels] */
  #texture(channels, values) {
    const { gl, rows } = this;
    const texture = makeTexture(gl, channels === 4 ? gl.RGBA32F : gl.R32F, SIDE, rows);
    if (values) gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, SIDE, rows, channels === 4 ? gl.RGBA : gl.RED, gl.FLOAT, values);
    return texture;
  }

  /** @param {WebGLTexture[]} textures */
  #use(textures) {
    textures.forEach((texture, unit) => {
      this.gl.activeTexture(this.gl.TEXTURE0 + unit);
      this.gl.bindTexture(this.gl.TEXTURE_2D, texture);
    });
    this.gl.activeTexture(this.gl.TEXTURE0);
  }

  #bindNames() {
    const { gl } = this;
    gl.useProgram(this.projecting);
    ['places', 'shapes', 'shapes2', 'counts', 'entries', 'weights'].forEach((name, unit) => gl.uniform1i(gl.getUniformLocation(this.projecting, name), unit));
    gl.useProgram(this.blending);
    ['places', 'shapes', 'colours'].forEach((name, unit) => gl.uniform1i(gl.getUniformLocation(this.blending, name), unit));
  }

  #makeQuads() {
    const { gl } = this;
    this.orderBuffer = gl.createBuffer();
    this.quads = gl.createVertexArray();
    gl.bindVertexArray(this.quads);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.orderBuffer);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 1, gl.FLOAT, false, 0, 0);
    gl.vertexAttribDivisor(0, 1);
    gl.bindVertexArray(null);
  }
}

/** Centres at these weights into `out` [N, 4], whose fourth column is left alone. @param {Avatar} avatar @param {Float32Array} weights [M] @param {Float32Array} out */
export function morph(avatar, weights, out) {
  const { positions, offsets, indices, deltas } = avatar;
  for (let i = 0, k = 0, o = 0; i < avatar.splats; ++i, o += 4) {
    out[o] = positions[k++];
    out[o + 1] = positions[k++];
    out[o + 2] = positions[k++];
  }
  weights.forEach((weight, m) => {
    if (weight === 0) return;
    for (let e = offsets[m], d = 3 * e; e < offsets[m + 1]; ++e, d += 3) {
      const o = 4 * indices[e];
      out[o] += weight * deltas[d];
      out[o + 1] += weight * deltas[d + 1];
      out[o + 2] += weight * deltas[d + 2];
    }
  });
}

/** Splats from the farthest to the nearest: a counting sort of their depths. */
export class Sorter {
  /** @param {number} splats */
  constructor(splats) {
    this.depths = new Float32Array(splats);
    this.keys = new Uint16Array(splats);
    this.counts = new Uint32Array(KEY_STEPS + 2);
    this.order = new Float32Array(splats);
  }

  /** @param {Float32Array} centres [N, 4] with their share @param {ArrayLike<number>} body third row of the view matrix @param {ArrayLike<number>} turn what the head adds to it */
  sort(centres, body, turn) {
    const { depths, keys, counts, order } = this;
    let near = Infinity;
    let far = -Infinity;
    for (let i = 0, o = 0; i < depths.length; ++i, o += 4) {
      const [x, y, z, share] = [centres[o], centres[o + 1], centres[o + 2], centres[o + 3]];
      const still = body[0] * x + body[1] * y + body[2] * z + body[3];
      const depth = still + share * (turn[0] * x + turn[1] * y + turn[2] * z + turn[3]);
      depths[i] = depth;
      if (depth < near) near = depth;
      if (depth > far) far = depth;
    }
    counts.fill(0);
    const steps = KEY_STEPS / Math.max(far - near, 1e-9);
    for (let i = 0; i < depths.length; ++i) {
      const key = ((far - depths[i]) * steps) | 0;
      keys[i] = key;
      counts[key + 1]++;
    }
    for (let k = 0; k <= KEY_STEPS; ++k) counts[k + 1] += counts[k];
    for (let i = 0; i < depths.length; ++i) order[counts[keys[i]]++] = i;
    return order;
  }
}

/** What does not change [count, 4]: covariances and reach as render/gl_scene.py's `tables`, colours. @param {Avatar} avatar @param {number} count */
function tables(avatar, count) {
  const shapes = new Float32Array(4 * count);
  const shapes2 = new Float32Array(4 * count);
  const colours = new Float32Array(4 * count);
  for (let i = 0; i < avatar.splats; ++i) {
    const c = covariance(avatar.rotations.subarray(4 * i, 4 * i + 4), avatar.scales.subarray(3 * i, 3 * i + 3));
    const opacity = Math.min(avatar.opacities[i], MAX_ALPHA);
    const reach = opacity >= ALPHA_THRESHOLD ? 2 * Math.log(opacity / ALPHA_THRESHOLD) : 0;
    shapes.set([c[0], c[1], c[2], c[3]], 4 * i);
    shapes2.set([c[4], c[5], reach, 0], 4 * i);
    colours.set([avatar.colors[3 * i], avatar.colors[3 * i + 1], avatar.colors[3 * i + 2], opacity], 4 * i);
  }
  return { shapes, shapes2, colours };
}

/** R·S²·Rᵀ as xx xy xz yy yz zz. @param {Float32Array} q wxyz @param {Float32Array} scale */
function covariance([w, x, y, z], scale) {
  const r = [
    [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
  ];
  const sum = (/** @type {number} */ i, /** @type {number} */ j) => [0, 1, 2].reduce((s, k) => s + r[i][k] * r[j][k] * scale[k] ** 2, 0);
  return [sum(0, 0), sum(0, 1), sum(0, 2), sum(1, 1), sum(1, 2), sum(2, 2)];
}
