// Draws with the graphics card through WebGL 2: the shaders of render/gl_shaders.py. Centres are morphed and sorted here,
// since bringing the depths back from a card makes a page wait for it.

import { portraitCamera } from './camera.js';
import { GlScene } from './gl_scene.js';
import { GlTarget } from './gl_target.js';
import { rendererName } from './renderer_choice.js';

/** @typedef {import('./avatar_file.js').Avatar} Avatar */

export class GlRenderer {
  kind = /** @type {const} */ ('webgl');
  onready = () => {};
  /** @type {(reason: string) => void} */
  onlost = () => {};

  /** @param {HTMLCanvasElement} canvas @param {Avatar} avatar */
  constructor(canvas, avatar) {
    const gl = canvas.getContext('webgl2', {
      alpha: true, premultipliedAlpha: true, antialias: false, depth: false, stencil: false, powerPreference: 'high-performance',
    });
    if (!gl) throw new Error('no WebGL 2');
    if (!gl.getExtension('EXT_color_buffer_float')) throw new Error('this card draws no floating-point pictures');
    this.gl = gl;
    this.canvas = canvas;
    this.avatar = avatar;
    this.device = rendererName(gl);
    this.scene = new GlScene(gl, avatar);
    /** @type {GlTarget | null} */
    this.target = null;
    /** @type {any} */
    this.tag = null;
    this.cost_ms = 0;
    this.stepS = 0; // it keeps to the screen's
    /** @type {number[] | null} */
    this.background = null;
    this.lost = false;
    canvas.addEventListener('webglcontextlost', this.#loses);
    this.resize(canvas.width, canvas.height);
  }

  /** @param {number} width @param {number} height px */
  resize(width, height) {
    this.camera = portraitCamera(this.avatar, width, height);
  }

  /** A page draws with a card when the screen is refreshed, at once. */
  get free() {
    return !this.lost && this.tag === null;
  }

  /** @param {ArrayLike<number>} weights @param {ArrayLike<number>} head @param {any} tag */
  submit(weights, head, tag) {
    const { gl, canvas, camera, scene } = this;
    const started = performance.now();
    const { width, height } = /** @type {import('./camera.js').Camera} */ (camera);
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    if (this.target?.width !== width || this.target?.height !== height) {
      this.target?.close();
      this.target = new GlTarget(gl, width, height);
    }
    scene.project(weights, head, /** @type {any} */ (camera));
    this.target.begin();
    scene.blend(width, height);
    this.target.finish(this.background);
    this.tag = tag;
    this.cost_ms += (performance.now() - started - this.cost_ms) * (this.cost_ms ? 0.1 : 1);
  }

  /** @param {number} [_untilS] */
  present(_untilS) {
    const tag = this.tag;
    this.tag = null;
    return tag;
  }

  /** RGBA of the last picture, top row first, straight alpha. Waits for the card. */
  pixels() {
    return /** @type {GlTarget} */ (this.target).read();
  }

  close() {
    this.canvas.removeEventListener('webglcontextlost', this.#loses);
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
    this.lost = true;
  }

  /** @param {Event} event */
  #loses = (event) => {
    event.preventDefault();
    this.lost = true;
    this.onlost('the graphics card was lost');
  };
}
