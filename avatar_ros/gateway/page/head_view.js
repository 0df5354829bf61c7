// A face in an element of the page: loads an avatar, draws it at the element's size, shows what it is told.

import { tightAspect } from './camera.js';
import { ClipMixer } from './clips.js';
import { Face } from './face.js';
import { Painter } from './painter.js';
import { poseMatrix, product } from './pose.js';
import { RendererChoice, fetchBytes } from './renderer_choice.js';

const WIDEST = 1.25; // width / height of the picture: what is beside the shoulders is the background's
const START_PIXELS = 512 * 512; // of a picture drawn without a card, until it is known how fast that goes
const FEWEST_PIXELS = 256 * 256;
const MOST_PIXELS = { wasm: 900 * 900, webgl: 1440 * 1440 };
const FAST_MS = 12;
const SLOW_MS = 26;
const JUDGE_MS = 2000;
const IDLE_DELAY_S = 0.2; // idle faces come 15 times a second, over a network, and a picture is begun before it is seen

export class HeadView extends EventTarget {
  /** Called before each picture with the instant at which it will be seen. @type {(atS: number) => void} */
  onbefore = () => {};

  /** @param {HTMLElement} place is filled by the picture @param {{renderer?: 'auto' | 'webgl' | 'wasm', idleDelayS?: number, pixels?: number}} [options] */
  constructor(place, options = {}) {
    super();
    this.place = place;
    this.face = new Face(options.idleDelayS ?? IDLE_DELAY_S);
    this.painter = new Painter((atS) => this.#poseAt(atS));
    this.choice = new RendererChoice(() => this.#newCanvas(), options.renderer);
    this.choice.onchange = (renderer) => this.#use(renderer);
    this.fixedPixels = options.pixels;
    this.pixels = options.pixels ?? START_PIXELS;
    this.seen = false;
    this.seenMs = NaN;
    this.startedS = 0;
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(place);
    this.judging = setInterval(() => this.#judge(), JUDGE_MS);
    this.painter.onshown = (shown) => this.#shown(shown);
  }

  /** @param {string | URL | ArrayBuffer} avatar its file */
  async load(avatar) {
    this.wanted = avatar;
    const file = avatar instanceof ArrayBuffer ? avatar : await fetchBytes(avatar);
    if (this.wanted === avatar) await this.choice.draw(file); // else another was wanted meanwhile
  }

  /** The conversation's state. @param {string} state */
  setState(state) {
    this.state = state;
    this.clips?.setState(state, performance.now() / 1000);
  }

  /** Pictures a second, cost and kind of the renderer. */
  get figures() {
    const renderer = this.choice.renderer;
    return { fps: this.painter.fps, cost_ms: renderer?.cost_ms ?? 0, renderer: renderer?.kind ?? '', device: renderer?.device ?? '' };
  }

  close() {
    this.painter.stop();
    this.observer.disconnect();
    clearInterval(this.judging);
    this.choice.renderer?.close();
  }

  /** @param {number} atS */
  #poseAt(atS) {
    this.onbefore(atS);
    const state = this.face.at(atS);
    const head = poseMatrix(state.head, this.pivot ?? [0, 0, 0]);
    return { weights: state.weights, head: this.clips ? product(this.clips.at(atS), head) : head, sample: state.sample, turn: state.turn, lively: state.speaking };
  }

  #newCanvas() {
    const canvas = document.createElement('canvas');
    canvas.setAttribute('aria-hidden', 'true');
    canvas.hidden = true; // the one before is seen until this one draws
    this.place.append(canvas);
    return canvas;
  }

  /** @param {import('./renderer_choice.js').Renderer} renderer */
  #use(renderer) {
    this.startedS = performance.now() / 1000;
    this.canvas = renderer.canvas;
    this.canvas.hidden = false;
    for (const canvas of this.place.querySelectorAll('canvas')) if (canvas !== this.canvas) canvas.remove();
    if (!this.canvas.isConnected) this.place.append(this.canvas); // one that was ready sooner took its place
    this.#moveLike(/** @type {import('./avatar_file.js').Avatar} */ (this.choice.avatar));
    this.#resize();
    this.painter.use(renderer);
    this.dispatchEvent(new CustomEvent('renderer', { detail: this.figures }));
  }

  /** @param {import('./avatar_file.js').Avatar} avatar */
  #moveLike(avatar) {
    this.pivot = avatar.pivot;
    this.clips = new ClipMixer(avatar.clips);
    if (this.state) this.clips.setState(this.state, this.startedS);
  }

  /** The picture stands on the place's lower edge, as wide as the head needs and no wider than shoulders are. */
  #resize() {
    const { clientWidth: width, clientHeight: height } = this.place;
    const { renderer, avatar } = this.choice;
    if (!renderer || !avatar || !this.canvas || !width || !height) return;
    const aspect = Math.min(Math.max(width / height, tightAspect(avatar)), WIDEST);
    const shown = width / height > aspect ? [height * aspect, height] : [width, width / aspect];
    const density = Math.min(window.devicePixelRatio || 1, Math.sqrt(this.#most(renderer.kind) / (shown[0] * shown[1])));
    const [across, down] = this.fixedPixels ? square(this.fixedPixels) : shown.map((side) => Math.max(16, Math.round(side * density)));
    renderer.resize(across, down);
    this.canvas.style.width = `${shown[0]}px`;
    this.canvas.style.height = `${shown[1]}px`;
  }

  /** @param {'wasm' | 'webgl'} kind */
  #most(kind) {
    return kind === 'wasm' ? Math.min(this.pixels, MOST_PIXELS.wasm) : MOST_PIXELS.webgl;
  }

  #judge() {
    const { renderer } = this.choice;
    if (!renderer || document.hidden) return;
    this.choice.judge(this.painter.fps, performance.now() / 1000 - this.startedS).catch((error) => this.#fail(error));
    if (renderer.kind !== 'wasm' || this.fixedPixels) return;
    const before = this.pixels;
    if (renderer.pace_ms > SLOW_MS) this.pixels = Math.max(FEWEST_PIXELS, this.pixels * 0.75);
    else if (renderer.cost_ms < FAST_MS) this.pixels = Math.min(MOST_PIXELS.wasm, this.pixels * 1.25);
    if (this.pixels !== before) this.#resize();
  }

  /** @param {any} shown */
  #shown(shown) {
    if (!this.seen) {
      this.seen = true;
      this.seenMs = performance.now(); // since the page was opened
      this.dispatchEvent(new CustomEvent('seen', { detail: { atS: shown.seenS } }));
    }
    this.dispatchEvent(new CustomEvent('shown', { detail: shown }));
  }

  /** @param {unknown} error */
  #fail(error) {
    this.dispatchEvent(new CustomEvent('failed', { detail: error }));
  }
}

/** @param {number} pixels */
function square(pixels) {
  const side = Math.round(Math.sqrt(pixels));
  return [side, side];
}
