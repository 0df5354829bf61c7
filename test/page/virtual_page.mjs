// A page in which time is only counted: a screen of 60 refreshes a second, and workers that take as long for a picture as
// they are told. What draws in it is the page's own painter, renderer and queue.

const SETTLE = 8; // turns of the microtask queue until a promise's followers have run

export class VirtualPage {
  /** @param {{cores?: number, costMs: (pictureBeganS: number, thread: number) => number}} options */
  constructor({ cores = 2, costMs }) {
    this.nowMs = 1000;
    this.costMs = costMs;
    this.events = [];
    this.order = 0;
    this.workers = 0;
    this.#replace(cores);
  }

  /** @param {number} ms @param {() => void} act */
  after(ms, act) {
    this.events.push({ atMs: this.nowMs + ms, order: ++this.order, act });
  }

  /** @param {number} seconds */
  async run(seconds) {
    const endMs = this.nowMs + 1000 * seconds;
    for (;;) {
      this.events.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      if (!this.events.length || this.events[0].atMs > endMs) break;
      const { atMs, act } = this.events.shift();
      this.nowMs = atMs;
      act();
      for (let k = 0; k < SETTLE; ++k) await null;
    }
    this.nowMs = endMs;
  }

  /** @param {number} cores */
  #replace(cores) {
    const page = this;
    const put = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    put('performance', { now: () => page.nowMs });
    put('requestAnimationFrame', (act) => {
      const nextMs = (Math.floor((page.nowMs + 1e-6) / (1000 / 60)) + 1) * (1000 / 60);
      page.after(nextMs - page.nowMs, () => act(nextMs));
    });
    put('navigator', { hardwareConcurrency: cores });
    put('ImageData', class {});
    put('setTimeout', (act, ms) => page.after(ms, act));
    put('clearTimeout', () => {});
    put('Worker', class {
      constructor() {
        this.thread = page.workers++;
      }

      postMessage({ avatar, tag, camera }) {
        const ms = avatar ? 1 : page.costMs(page.nowMs / 1000, this.thread);
        const answer = avatar ? { ready: true } : { pixels: new ArrayBuffer(4), width: camera.width, height: camera.height, tag, ms };
        page.after(ms, () => this.onmessage({ data: answer }));
      }

      terminate() {}
    });
  }
}

/** What a canvas must have to be painted on. */
export function canvas() {
  return { width: 512, height: 512, getContext: () => ({ putImageData() {} }) };
}

/** Ascending numbers 0-1 that look like chance: the same each time. @param {number} seed */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator
    return state / 2 ** 32;
  };
}
