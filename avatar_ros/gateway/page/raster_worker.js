// The thread that draws where no graphics card does. Told {avatar, raster} once, then {weights, head, camera, background,
// buffer, tag} for each picture; answers {ready}, {pixels, width, height, tag, ms} or {failed}.

import { readAvatar } from './avatar_file.js';
import { WasmRaster } from './wasm_raster.js';

/** @type {WasmRaster | null} */
let raster = null;

/** @param {any} message */
async function load({ avatar, raster: bytes }) {
  raster = await WasmRaster.make(bytes, readAvatar(avatar));
  self.postMessage({ ready: true });
}

/** @param {any} message */
function draw({ weights, head, camera, background, buffer, tag }) {
  const started = performance.now();
  const bytes = /** @type {WasmRaster} */ (raster).draw(weights, head, camera, background);
  const pixels = buffer?.byteLength === bytes.byteLength ? new Uint8ClampedArray(buffer) : new Uint8ClampedArray(bytes.byteLength);
  pixels.set(bytes);
  const answer = { pixels: pixels.buffer, width: camera.width, height: camera.height, tag, ms: performance.now() - started };
  self.postMessage(answer, /** @type {any} */ ([pixels.buffer]));
}

self.onmessage = async ({ data }) => {
  try {
    if (data.avatar) await load(data);
    else draw(data);
  } catch (error) {
    self.postMessage({ failed: String(/** @type {any} */ (error)?.message ?? error) });
  }
};
