// Pictures that are finished before they are due, and how long one takes. Pure.

const COSTS = 20; // pictures that the next one is judged by
const SURE = 0.9; // share of them that took no longer
const LONGEST_MS = 250;

/** @typedef {{pixels: ArrayBuffer, width: number, height: number, tag: any, ms: number}} Picture tag.atS: when it is to be seen */

export class PictureQueue {
  constructor() {
    /** @type {Picture[]} */
    this.pictures = [];
  }

  /** @param {Picture} picture later than those before it */
  add(picture) {
    this.pictures.push(picture);
  }

  /** The latest picture that is due by then, and those that it overtakes; what is early is held. @param {number} untilS @returns {{due: Picture | null, overtaken: Picture[]}} */
  take(untilS) {
    const early = this.pictures.findIndex(({ tag }) => tag.atS > untilS);
    const overtaken = this.pictures.splice(0, early < 0 ? this.pictures.length : early);
    return { due: overtaken.pop() ?? null, overtaken };
  }
}

/** From a picture's beginning until the page has it, ms. */
export class PictureCosts {
  constructor() {
    /** @type {number[]} */
    this.recent = [];
  }

  /** @param {number} ms */
  add(ms) {
    this.recent.push(ms);
    if (this.recent.length > COSTS) this.recent.shift();
  }

  /** Within this time nearly every picture is there; 0 before the first. */
  get sure() {
    if (!this.recent.length) return 0;
    const sorted = [...this.recent].sort((a, b) => a - b);
    return Math.min(LONGEST_MS, sorted[Math.min(sorted.length - 1, Math.floor(SURE * sorted.length))]);
  }
}
