// Small helpers over WebGL 2.

import { EMBEDDED, SIDES } from './shaders.js';

/** @param {WebGL2RenderingContext} gl @param {string} vertex @param {string} fragment */
export function makeProgram(gl, vertex, fragment) {
  const program = /** @type {WebGLProgram} */ (gl.createProgram());
  for (const [type, text] of /** @type {[number, string][]} */ ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(type));
    gl.shaderSource(shader, EMBEDDED + SIDES + text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(`shader: ${gl.getShaderInfoLog(shader)}`);
    gl.attachShader(program, shader);
  }
  gl.bindAttribLocation(program, 0, 'number');
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`shaders: ${gl.getProgramInfoLog(program)}`);
  return program;
}

/** A texture that is read texel by texel. @param {WebGL2RenderingContext} gl @param {number} format @param {number} width @param {number} height */
export function makeTexture(gl, format, width, height) {
  const texture = /** @type {WebGLTexture} */ (gl.createTexture());
  gl.activeTexture(gl.TEXTURE0);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texStorage2D(gl.TEXTURE_2D, 1, format, width, height);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  return texture;
}

/** A place to draw into. @param {WebGL2RenderingContext} gl @param {WebGLTexture[]} textures */
export function makeFramebuffer(gl, textures) {
  const framebuffer = gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  const places = textures.map((_, k) => gl.COLOR_ATTACHMENT0 + k);
  textures.forEach((texture, k) => gl.framebufferTexture2D(gl.FRAMEBUFFER, places[k], gl.TEXTURE_2D, texture, 0));
  gl.drawBuffers(places);
  if (gl.checkFramebufferStatus(gl.FRAMEBUFFER) !== gl.FRAMEBUFFER_COMPLETE) throw new Error('this card cannot draw into such textures');
  return framebuffer;
}
