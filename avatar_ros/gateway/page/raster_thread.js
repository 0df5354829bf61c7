// One drawing thread, seen from the page: it draws one picture at a time.

/** @typedef {import('./picture_queue.js').Picture} Picture */

const START_LIMIT_MS = 20000;

export class RasterThread {
  /** Called with each picture, `tookMs` from `draw` until it is here. @type {(picture: Picture, tookMs: number) => void} */
  onpicture = () => {};
  /** Called when it cannot draw any more. @type {(reason: string) => void} */
  onlost = () => {};

  /** @param {ArrayBuffer} file the avatar's bytes @param {ArrayBuffer} code raster.wasm @returns {Promise<RasterThread>} */
  static start(file, code) {
    const thread = new RasterThread();
    const { worker } = thread;
    return new Promise((resolve, reject) => {
      const fail = (/** @type {string} */ reason) => {
        clearTimeout(timer);
        reject(new Error(reason));
        thread.onlost(reason);
      };
      const timer = setTimeout(() => fail('the drawing thread did not start'), START_LIMIT_MS);
      worker.onerror = (event) => fail(event.message || 'the drawing thread did not start');
      worker.onmessage = ({ data }) => {
        clearTimeout(timer);
        if (data.ready) resolve(thread);
        else if (data.failed) fail(data.failed);
        else thread.#finish(data);
      };
      worker.postMessage({ avatar: file, raster: code });
    });
  }

  constructor() {
    this.worker = new Worker(new URL('./raster_worker.js', import.meta.url), { type: 'module' });
    this.busy = false;
    this.begunMs = 0;
  }

  /** @param {any} job for raster_worker.js @param {ArrayBuffer} [buffer] to draw into */
  draw(job, buffer) {
    this.busy = true;
    this.begunMs = performance.now();
    this.worker.postMessage({ ...job, buffer }, buffer ? [buffer] : []);
  }

  close() {
    this.worker.terminate();
    this.busy = true;
  }

  /** @param {Picture} picture */
  #finish(picture) {
    this.busy = false;
    this.onpicture(picture, performance.now() - this.begunMs);
  }
}
