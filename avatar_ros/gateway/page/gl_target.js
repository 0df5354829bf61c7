// Where splats are blended (half floats) and finished (bytes), and how they come to the canvas: as render/gl_target.py.

import { SMOKE_COVER } from './camera.js';
import { makeFramebuffer, makeProgram, makeTexture } from './gl_program.js';
import { EVERY_PIXEL, FINISH } from './shaders.js';

const KINDS = { opaque: 0, premultiplied: 1, straight: 2 };

export class GlTarget {
  /** @param {WebGL2RenderingContext} gl @param {number} width @param {number} height px */
  constructor(gl, width, height) {
    this.gl = gl;
    this.width = width;
    this.height = height;
    this.textures = [makeTexture(gl, gl.RGBA16F, width, height), makeTexture(gl, gl.RGBA8, width, height)];
    this.covered = makeFramebuffer(gl, [this.textures[0]]);
    this.bytes = makeFramebuffer(gl, [this.textures[1]]);
    this.program = makeProgram(gl, EVERY_PIXEL, FINISH);
    gl.useProgram(this.program);
    gl.uniform1i(gl.getUniformLocation(this.program, 'covered'), 0);
    gl.uniform1i(gl.getUniformLocation(this.program, 'picture'), 0); // never read: no picture lies behind
  }

  /** Make the half floats the place to draw to, empty. */
  begin() {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.covered);
    gl.viewport(0, 0, this.width, this.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  /** To bytes, and on the canvas, whose first row is the lowest. @param {number[] | null} background colour, 0-1; null: none */
  finish(background) {
    const { gl, width, height } = this;
    this.#toBytes(background ? KINDS.opaque : KINDS.premultiplied, background ?? [0, 0, 0]);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.bytes);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    gl.blitFramebuffer(0, 0, width, height, 0, height, width, 0, gl.COLOR_BUFFER_BIT, gl.NEAREST);
  }

  /** The last picture again with straight alpha, read from the card: RGBA, top row first. */
  read() {
    const { gl, width, height } = this;
    this.#toBytes(KINDS.straight, [0, 0, 0]);
    const out = new Uint8Array(4 * width * height);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.bytes);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, out);
    return new Uint8ClampedArray(out.buffer);
  }

  close() {
    this.textures.forEach((texture) => this.gl.deleteTexture(texture));
    [this.covered, this.bytes].forEach((framebuffer) => this.gl.deleteFramebuffer(framebuffer));
    this.gl.deleteProgram(this.program);
  }

  /** @param {number} kind @param {number[]} behind */
  #toBytes(kind, behind) {
    const { gl, program } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.bytes);
    gl.viewport(0, 0, this.width, this.height);
    gl.useProgram(program);
    gl.uniform4f(gl.getUniformLocation(program, 'behind'), behind[0], behind[1], behind[2], 0);
    gl.uniform2f(gl.getUniformLocation(program, 'finish'), SMOKE_COVER, kind);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.textures[0]);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }
}
