// Draws given poses with one renderer, and gives the pictures' bytes: for test/browser/test_drawing.py.
const { readAvatar } = await import('/static/avatar_file.js');
const { GlRenderer } = await import('/static/renderer_gl.js');
const { WasmRenderer } = await import('/static/renderer_wasm.js');
const { fetchBytes } = await import('/static/renderer_choice.js');

let renderer = null;

window.begin = async (kind, url, width, height) => {
  const canvas = document.getElementById('canvas');
  [canvas.width, canvas.height] = [width, height];
  const file = await fetchBytes(url);
  const avatar = readAvatar(file);
  renderer = kind === 'webgl' ? new GlRenderer(canvas, avatar) : await WasmRenderer.make(canvas, avatar, file, await fetchBytes('/static/raster.wasm'));
  renderer.resize(width, height);
  return renderer.device;
};

// The canvas's middle: at once, since a card's picture is gone with the next refresh.
function middle() {
  const canvas = document.getElementById('canvas');
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext('2d');
  context.drawImage(canvas, 0, 0);
  return Array.from(context.getImageData(copy.width / 2, copy.height / 3, 1, 1).data);
}

window.draw = async (weights, head) => {
  renderer.submit(Float32Array.from(weights), Float64Array.from(head), 'tag');
  if (renderer.kind === 'wasm') await new Promise((done) => { renderer.onready = done; });
  const pixels = renderer.kind === 'wasm' ? new Uint8ClampedArray(renderer.queue.pictures[0].pixels) : renderer.pixels();
  const bytes = Uint8Array.from(pixels);
  if (renderer.present() !== 'tag') throw new Error('nothing was presented');
  window.middle = middle();
  let text = '';
  for (let k = 0; k < bytes.length; k += 32768) text += String.fromCharCode(...bytes.subarray(k, k + 32768));
  return btoa(text);
};

window.lose = () => renderer.gl.getExtension('WEBGL_lose_context').loseContext();
window.loaded = true;
