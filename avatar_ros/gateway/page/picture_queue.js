// Pictures that are finished before they are due, and how long one takes. Pure.

const COSTS = 48; // pictures that the next one is judged by
const SURE = 0.96; // share of them that took no longer
const ENOUGH = 8; // of one kind to judge by
const LONGEST_MS = 400;

/** @typedef {{pixels: ArrayBuffer, width: number, height: number, tag: any, ms: number}} Picture tag.atS: when it is to be seen */

export class PictureQueue {
  constructor() {
    /** In the order in which they are due. @type {Picture[]} */
    this.pictures = [];
    this.takenS = -Infinity;
  }

  /** @param {Picture} picture two threads may finish theirs in any order */
  add(picture) {
    const later = this.pictures.findIndex(({ tag }) => tag.atS > picture.tag.atS);
    this.pictures.splice(later < 0 ? this.pictures.length : later, 0, picture);
  }

  /** The latest picture that is due by then, and those that it, or one shown before, overtakes; what is early is held.
   * @param {number} untilS @returns {{due: Picture | null, overtaken: Picture[]}} */
  take(untilS) {
    const early = this.pictures.findIndex(({ tag }) => tag.atS > untilS);
    const overtaken = this.pictures.splice(0, early < 0 ? this.pictures.length : early);
    const due = (overtaken.at(-1)?.tag.atS ?? -Infinity) >= this.takenS ? (overtaken.pop() ?? null) : null;
    if (due) this.takenS = due.tag.atS ?? this.takenS;
    return { due, overtaken };
  }
}

/** From a picture's beginning until the page has it, ms. */
export class PictureCosts {
  constructor() {
    /** While it is silent, and while it speaks: then a server beside it works, too. @type {[number[], number[]]} */
    this.recent = [[], []];
  }

  /** @param {number} ms @param {boolean} [lively] it was drawn while it spoke */
  add(ms, lively = false) {
    const kept = this.recent[Number(lively)];
    kept.push(ms);
    if (kept.length > COSTS) kept.shift();
  }

  /** Within this time nearly every picture is there; 0 before the first. @param {boolean} [lively] */
  sure(lively = false) {
    return Math.min(LONGEST_MS, quantile(this.#like(lively), SURE));
  }

  /** Half of them are there. @param {boolean} [lively] */
  usual(lively = false) {
    return Math.min(LONGEST_MS, quantile(this.#like(lively), 0.5));
  }

  /** @param {boolean} lively */
  #like(lively) {
    const [own, other] = [this.recent[Number(lively)], this.recent[Number(!lively)]];
    return own.length < ENOUGH ? [...own, ...other] : own;
  }
}

/** @param {number[]} values @param {number} share */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
