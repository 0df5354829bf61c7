// Draws with the C++ rasteriser in a worker; the page only copies finished pictures to its canvas.

import { portraitCamera } from './camera.js';
import { PictureCosts, PictureQueue } from './picture_queue.js';

/** @typedef {import('./avatar_file.js').Avatar} Avatar */

const START_LIMIT_MS = 20000;
const MOST_WAITING = 3; // pictures

export class WasmRenderer {
  kind = /** @type {const} */ ('wasm');
  /** Called whenever another picture may be begun. */
  onready = () => {};
  /** Called when it cannot draw any more. @type {(reason: string) => void} */
  onlost = () => {};

  /** @param {HTMLCanvasElement} canvas @param {Avatar} avatar @param {ArrayBuffer} file the avatar's bytes @param {ArrayBuffer} code raster.wasm */
  static async make(canvas, avatar, file, code) {
    const renderer = new WasmRenderer(canvas, avatar);
    await renderer.#start(file, code);
    return renderer;
  }

  /** @param {HTMLCanvasElement} canvas @param {Avatar} avatar */
  constructor(canvas, avatar) {
    this.canvas = canvas;
    this.avatar = avatar;
    const context = canvas.getContext('2d');
    if (!context) throw new Error('this browser draws on no canvas');
    this.context = context;
    this.worker = new Worker(new URL('./raster_worker.js', import.meta.url), { type: 'module' });
    this.busy = false;
    this.queue = new PictureQueue();
    this.costs = new PictureCosts();
    this.begunMs = 0;
    this.cost_ms = 0;
    /** @type {ArrayBuffer[]} */
    this.buffers = [];
    /** @type {number[] | null} */
    this.background = null;
    this.resize(canvas.width, canvas.height);
  }

  get device() {
    return 'CPU (WebAssembly)';
  }

  /** @param {number} width @param {number} height px */
  resize(width, height) {
    this.camera = portraitCamera(this.avatar, width, height);
  }

  /** Whether `submit` may be called. */
  get free() {
    return !this.busy && this.queue.pictures.length < MOST_WAITING;
  }

  /** Begin a picture. @param {ArrayLike<number>} weights @param {ArrayLike<number>} head @param {any} tag comes back from `present` */
  submit(weights, head, tag) {
    this.busy = true;
    this.begunMs = performance.now();
    const buffer = this.buffers.pop();
    const job = { weights, head, camera: this.camera, background: this.background, buffer, tag };
    this.worker.postMessage(job, buffer ? [buffer] : []);
  }

  /** Show the picture that is due; its tag, or null where none is finished. Called when the screen is refreshed. @param {number} [untilS] */
  present(untilS = Infinity) {
    const { due, overtaken } = this.queue.take(untilS);
    for (const { pixels } of overtaken) this.buffers.push(pixels);
    if (!due) return null;
    const { pixels, width, height, tag } = due;
    if (this.canvas.width !== width || this.canvas.height !== height) [this.canvas.width, this.canvas.height] = [width, height];
    this.context.putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0);
    this.buffers.push(pixels);
    return tag;
  }

  /** RGBA of what the canvas shows, straight alpha. */
  pixels() {
    return this.context.getImageData(0, 0, this.canvas.width, this.canvas.height).data;
  }

  close() {
    this.worker.terminate();
    this.busy = true;
  }

  /** @param {ArrayBuffer} file @param {ArrayBuffer} code */
  #start(file, code) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the drawing thread did not start')), START_LIMIT_MS);
      this.worker.onerror = (event) => {
        clearTimeout(timer);
        reject(new Error(event.message || 'the drawing thread did not start'));
        this.onlost(event.message);
      };
      this.worker.onmessage = ({ data }) => {
        clearTimeout(timer);
        if (data.ready) resolve(null);
        else if (data.failed) this.#fail(data.failed, reject);
        else this.#finish(data);
      };
      this.worker.postMessage({ avatar: file, raster: code });
    });
  }

  /** @param {string} reason @param {(error: Error) => void} reject */
  #fail(reason, reject) {
    reject(new Error(reason));
    this.onlost(reason);
  }

  /** @param {any} picture */
  #finish(picture) {
    this.busy = false;
    this.cost_ms += (picture.ms - this.cost_ms) * (this.cost_ms ? 0.1 : 1);
    this.costs.add(performance.now() - this.begunMs);
    this.queue.add(picture);
    this.onready();
  }
}
