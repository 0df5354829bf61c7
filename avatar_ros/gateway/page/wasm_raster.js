// The C++ rasteriser (src/, built by tools/build_web.sh) behind one class; runs in whatever thread imports it.

import { morphWeights } from './avatar_file.js';
import { SMOKE_COVER, modelView } from './camera.js';

/** @typedef {import('./avatar_file.js').Avatar} Avatar */
/** @typedef {import('./camera.js').Camera} Camera */

/** What a program without a system asks for: a clock, and nothing else that matters. @param {WebAssembly.Module} module @param {() => WebAssembly.Memory} memory */
function imports(module, memory) {
  /** @type {Record<string, Record<string, Function>>} */
  const out = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== 'function') throw new Error(`raster.wasm wants ${kind} ${from}.${name}`);
    (out[from] ??= {})[name] = name.startsWith('proc_exit') || name === 'abort' ? ended : () => 0;
  }
  const wasi = out.wasi_snapshot_preview1;
  if (wasi?.clock_time_get) {
    wasi.clock_time_get = (/** @type {number} */ _id, /** @type {bigint} */ _precision, /** @type {number} */ at) => {
      new DataView(memory().buffer).setBigUint64(at, BigInt(Math.round(performance.now() * 1e6)), true);
      return 0;
    };
  }
  return out;
}

function ended() {
  throw new Error('the rasteriser ended itself: out of memory?');
}

export class WasmRaster {
  /** @param {BufferSource} bytes of raster.wasm @param {Avatar} avatar */
  static async make(bytes, avatar) {
    const module = await WebAssembly.compile(bytes);
    /** @type {any} */
    let instance = null;
    instance = await WebAssembly.instantiate(module, /** @type {any} */ (imports(module, () => instance.exports.memory)));
    instance.exports._initialize?.();
    return new WasmRaster(instance.exports, avatar);
  }

  /** @param {any} code the module's exports @param {Avatar} avatar */
  constructor(code, avatar) {
    this.code = code;
    this.avatar = avatar;
    const parts = [avatar.positions, avatar.scales, avatar.rotations, avatar.colors, avatar.opacities, avatar.share, avatar.offsets, avatar.indices, avatar.deltas];
    const places = parts.map((part) => this.#put(part));
    code.create(avatar.splats, avatar.morphs, ...places);
    places.forEach((place) => code.free(place));
    this.inputs = code.malloc(4 * (avatar.morphs + 32));
    this.out = 0;
    this.outBytes = 0;
  }

  /** Draws one picture; its bytes [height, width, 4] RGBA, valid until the next call: straight alpha where `background` is null.
   * @param {ArrayLike<number>} weights [52] @param {ArrayLike<number>} head avatar to world @param {Camera} camera
   * @param {number[] | null} background colour, 0-1 */
  draw(weights, head, camera, background) {
    const { code, avatar } = this;
    const { width, height, focal, blur } = camera;
    const bytes = 4 * width * height;
    if (bytes > this.outBytes) {
      code.free(this.out);
      [this.out, this.outBytes] = [code.malloc(bytes), bytes];
      if (!this.out) throw new Error(`no memory for a picture of ${width}x${height}`);
    }
    const inputs = new Float32Array(code.memory.buffer, this.inputs, avatar.morphs + 32);
    inputs.set(morphWeights(avatar, weights));
    inputs.set(camera.view, avatar.morphs);
    inputs.set(modelView(camera, head), avatar.morphs + 16);
    const views = this.inputs + 4 * avatar.morphs;
    const [red, green, blue] = background ?? [-1, 0, 0];
    code.draw(this.inputs, views, views + 64, focal, blur, SMOKE_COVER, red, green, blue, width, height, this.out);
    return new Uint8ClampedArray(code.memory.buffer, this.out, bytes);
  }

  /** @param {Float32Array | Uint32Array} values */
  #put(values) {
    const place = this.code.malloc(Math.max(values.byteLength, 4));
    if (!place) throw new Error('no memory for the avatar');
    const Kind = /** @type {any} */ (values.constructor);
    new Kind(this.code.memory.buffer, place, values.length).set(values);
    return place;
  }
}
