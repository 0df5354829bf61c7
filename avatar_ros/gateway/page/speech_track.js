// Speech-layer faces of one turn, by sample, in order: as SpeechTrack of render/face.py.

import { mixFaces } from './pose.js';

/** @typedef {import('./pose.js').FacePose} FacePose */

const GAP_S = 0.1; // a face further away than this from the sample heard says nothing about it
const LIMIT = 36000; // faces kept: 10 minutes at 60 Hz

/** How many of the ascending numbers are at most `x`. @param {number[]} numbers @param {number} x */
export function bisectRight(numbers, x) {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class SpeechTrack {
  constructor() {
    /** @type {number[]} */
    this.samples = [];
    /** @type {FacePose[]} */
    this.faces = [];
    this.rateHz = 24000;
  }

  /** Append; a stream that jumps back replaces what it overlaps. @param {number} sample @param {number} rateHz @param {FacePose} face */
  add(sample, rateHz, face) {
    while (this.samples.length && this.samples[this.samples.length - 1] >= sample) {
      this.samples.pop();
      this.faces.pop();
    }
    this.rateHz = rateHz;
    if (this.samples.length === LIMIT) this.#forget(1);
    this.samples.push(sample);
    this.faces.push(face);
  }

  /** Linear mix of the two faces around `sample`, or null where none is near. @param {number} sample @returns {FacePose | null} */
  at(sample) {
    const after = bisectRight(this.samples, sample);
    const limit = GAP_S * this.rateHz;
    if (after === 0) return this.samples.length && this.samples[0] - sample <= limit ? this.faces[0] : null;
    const before = after - 1;
    let found;
    if (after === this.samples.length) found = sample - this.samples[before] <= limit ? this.faces[before] : null;
    else found = this.#mix(before, sample, limit);
    this.#forget(before - 2);
    return found;
  }

  /** @param {number} before @param {number} sample @param {number} limit */
  #mix(before, sample, limit) {
    const start = this.samples[before];
    const end = this.samples[before + 1];
    if (end - start > limit) return sample - start <= limit ? this.faces[before] : null;
    return mixFaces(this.faces[before], this.faces[before + 1], (sample - start) / (end - start));
  }

  // Playback only moves on; two faces behind it are kept.
  /** @param {number} count */
  #forget(count) {
    if (count <= 0) return;
    this.samples.splice(0, count);
    this.faces.splice(0, count);
  }
}
