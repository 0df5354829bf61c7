// Which renderer draws: the graphics card where it is one and is fast, else the C++ rasteriser.

import { readAvatar } from './avatar_file.js';

/** @typedef {import('./renderer_gl.js').GlRenderer | import('./renderer_wasm.js').WasmRenderer} Renderer */
/** @typedef {import('./avatar_file.js').Avatar} Avatar */

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render|microsoft basic|apple software/i;
const SLOW_FPS = 20;
const JUDGED_AFTER_S = 3;
const MOST_LOSSES = 2;
const CODE = new URL('./raster.wasm', import.meta.url);

/** Whether a card's name is that of a program that only plays one. @param {string} name */
export function isSoftware(name) {
  return SOFTWARE.test(name);
}

/** What the driver calls the card. @param {WebGL2RenderingContext} gl */
export function rendererName(gl) {
  const named = gl.getExtension('WEBGL_debug_renderer_info');
  return String(gl.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}

/** What the driver calls the card, or '' where there is none that can draw a face. */
export function cardName() {
  const canvas = document.createElement('canvas');
  const gl = canvas.getContext('webgl2', { failIfMajorPerformanceCaveat: true });
  const name = gl && gl.getExtension('EXT_color_buffer_float') ? rendererName(gl) : '';
  gl?.getExtension('WEBGL_lose_context')?.loseContext();
  return name;
}

export class RendererChoice {
  /** Another canvas and renderer took over. @type {(renderer: Renderer) => void} */
  onchange = () => {};

  /** @param {() => HTMLCanvasElement} newCanvas gives an empty canvas in the place of the one before @param {'auto' | 'webgl' | 'wasm'} wish */
  constructor(newCanvas, wish = 'auto') {
    this.newCanvas = newCanvas;
    this.wish = wish;
    this.losses = 0;
    this.asked = 0; // of several that are made at once the newest counts
    /** @type {Renderer | null} */
    this.renderer = null;
    /** @type {Promise<ArrayBuffer> | null} */
    this.code = null;
    const card = wish === 'wasm' ? '' : cardName();
    this.card = wish === 'webgl' || (card && !isSoftware(card)) ? card : '';
    if (!this.card) this.#fetchCode(); // it is needed at once: beside the avatar
  }

  /** @param {ArrayBuffer} file an avatar's bytes @returns {Promise<Renderer | null>} null where another was asked for meanwhile */
  async draw(file) {
    const asked = ++this.asked;
    this.file = file;
    this.avatar = readAvatar(file);
    if (this.wish === 'webgl' || (this.card && this.losses <= MOST_LOSSES)) {
      try {
        const { GlRenderer } = await import('./renderer_gl.js');
        return this.#use(new GlRenderer(this.newCanvas(), this.avatar), asked);
      } catch (error) {
        if (this.wish === 'webgl') throw error;
      }
    }
    return this.#drawWithCode(asked);
  }

  /** Told the pictures a second once in a while: a card that is too slow is given up. @param {number} fps @param {number} drawnS how long it has drawn */
  async judge(fps, drawnS) {
    if (this.wish !== 'auto' || this.renderer?.kind !== 'webgl' || drawnS < JUDGED_AFTER_S || fps > SLOW_FPS) return;
    this.losses = MOST_LOSSES + 1;
    await this.#drawWithCode(++this.asked);
  }

  /** @param {number} asked */
  async #drawWithCode(asked) {
    const { avatar, file } = this;
    const [code, { WasmRenderer }] = await Promise.all([this.#fetchCode(), import('./renderer_wasm.js')]);
    const renderer = await WasmRenderer.make(this.newCanvas(), /** @type {Avatar} */ (avatar), /** @type {ArrayBuffer} */ (file), code);
    return this.#use(renderer, asked);
  }

  #fetchCode() {
    this.code ??= fetchBytes(CODE);
    this.code.catch(() => (this.code = null)); // told where it is awaited
    return this.code;
  }

  /** @param {Renderer} renderer @param {number} asked */
  #use(renderer, asked) {
    if (asked !== this.asked) {
      renderer.close();
      renderer.canvas.remove();
      return null;
    }
    this.renderer?.close();
    this.renderer = renderer;
    renderer.onlost = async () => {
      if (renderer !== this.renderer) return;
      this.losses += 1;
      await this.draw(/** @type {ArrayBuffer} */ (this.file));
    };
    this.onchange(renderer);
    return renderer;
  }
}

/** @param {string | URL} url */
export async function fetchBytes(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`);
  return answer.arrayBuffer();
}
