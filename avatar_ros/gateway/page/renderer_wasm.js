// Draws with the C++ rasteriser in one or two workers; the page only copies finished pictures to its canvas.

import { portraitCamera } from './camera.js';
import { PictureCosts, PictureQueue } from './picture_queue.js';
import { RasterThread } from './raster_thread.js';

/** @typedef {import('./avatar_file.js').Avatar} Avatar */

const MOST_WAITING = 8; // pictures that are finished or being drawn
const HELP_MS = 16; // where a picture takes longer a second thread draws every other one
const JUDGED_AFTER = 20; // pictures
const FEW_CORES = 4; // where there are fewer, others need them too: no more than this step allows
const SHARED_STEP_S = 1 / 42;

export class WasmRenderer {
  kind = /** @type {const} */ ('wasm');
  /** Called whenever another picture may be begun. */
  onready = () => {};
  /** Called when it cannot draw any more. @type {(reason: string) => void} */
  onlost = () => {};

  /** @param {HTMLCanvasElement} canvas @param {Avatar} avatar @param {ArrayBuffer} file the avatar's bytes @param {ArrayBuffer} code raster.wasm */
  static async make(canvas, avatar, file, code) {
    const renderer = new WasmRenderer(canvas, avatar, () => RasterThread.start(file, code));
    renderer.#take(await renderer.startThread());
    return renderer;
  }

  /** @param {HTMLCanvasElement} canvas @param {Avatar} avatar @param {() => Promise<RasterThread>} startThread */
  constructor(canvas, avatar, startThread) {
    this.canvas = canvas;
    this.avatar = avatar;
    this.startThread = startThread;
    const context = canvas.getContext('2d');
    if (!context) throw new Error('this browser draws on no canvas');
    this.context = context;
    /** @type {RasterThread[]} */
    this.threads = [];
    this.queue = new PictureQueue();
    this.costs = new PictureCosts();
    this.cost_ms = 0;
    this.drawn = 0;
    this.helped = (navigator.hardwareConcurrency || 1) < 2; // a second thread was asked for, or has no core
    this.closed = false;
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
    const busy = this.threads.filter((thread) => thread.busy).length;
    return busy < this.threads.length && busy + this.queue.pictures.length < MOST_WAITING;
  }

  /** Between two pictures at least, s. */
  get stepS() {
    return this.threads.length > 1 && navigator.hardwareConcurrency < FEW_CORES ? SHARED_STEP_S : 0;
  }

  /** From one picture to the next where it draws without a break, ms. */
  get pace_ms() {
    return this.cost_ms / Math.max(1, this.threads.length);
  }

  /** Begin a picture. @param {ArrayLike<number>} weights @param {ArrayLike<number>} head @param {any} tag comes back from `present` */
  submit(weights, head, tag) {
    const thread = this.threads.find(({ busy }) => !busy);
    thread?.draw({ weights, head, camera: this.camera, background: this.background, tag }, this.buffers.pop());
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
    this.closed = true;
    for (const thread of this.threads.splice(0)) thread.close();
  }

  /** @param {RasterThread} thread draws from now on */
  #take(thread) {
    if (this.closed) return thread.close();
    thread.onlost = (reason) => this.onlost(reason);
    thread.onpicture = (picture, tookMs) => this.#finish(picture, tookMs);
    this.threads.push(thread);
  }

  /** @param {import('./picture_queue.js').Picture} picture @param {number} tookMs */
  #finish(picture, tookMs) {
    this.cost_ms += (picture.ms - this.cost_ms) * (this.cost_ms ? 0.1 : 1);
    this.costs.add(tookMs, picture.tag.pose?.lively ?? false);
    this.queue.add(picture);
    this.drawn += 1;
    if (this.drawn > JUDGED_AFTER && this.cost_ms > HELP_MS) this.#getHelp();
    this.onready();
  }

  // Without it one thread goes on.
  #getHelp() {
    if (this.helped) return;
    this.helped = true;
    this.startThread().then((thread) => this.#take(thread), () => {});
  }
}
