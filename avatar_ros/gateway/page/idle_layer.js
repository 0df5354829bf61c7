// The idle layer at an instant: faces by time, mixed; a stage that goes or comes back makes no jump: as
// render/idle_layer.py.

import { REST_FACE, mixFaces, smoothstep } from './pose.js';
import { bisectRight } from './speech_track.js';

/** @typedef {import('./pose.js').FacePose} FacePose */

const DEAD_S = 1.0; // for this long after its last face the face holds still, then it goes to rest
const DELAY_S = 0.05; // shown this much later than made, so that there are two faces to mix between
const FADE_S = 0.5;
const STREAM_GAP_S = 0.5; // faces further apart belong to two streams
const KEPT = 4;

export class IdleLayer {
  /** @param {number} delayS how much later than made a face is shown: more where the way is not even */
  constructor(delayS = DELAY_S) {
    this.delayS = delayS;
    /** @type {{atS: number, face: FacePose}[]} */
    this.frames = [];
    /** @type {number | null} */
    this.seenS = null;
    this.shown = REST_FACE;
    this.from = REST_FACE;
    this.fade = 1;
    this.alive = false;
  }

  /** @param {number} atS @param {FacePose} face */
  add(atS, face) {
    const last = this.frames[this.frames.length - 1];
    if (last && !(atS - last.atS > 0 && atS - last.atS <= STREAM_GAP_S)) {
      this.frames = [];
      this.#changeGoal();
    }
    this.frames.push({ atS, face });
    const kept = KEPT + Math.ceil(this.delayS * 60);
    if (this.frames.length > kept) this.frames.shift();
  }

  /** The layer at `atS`; called with growing times, once a frame. @param {number} atS @returns {FacePose} */
  at(atS) {
    const stepS = this.seenS === null ? 0 : Math.max(0, atS - this.seenS);
    const frames = this.frames.filter((frame) => atS - this.delayS - frame.atS <= DEAD_S);
    if (frames.length > 0 !== this.alive) {
      this.alive = frames.length > 0;
      this.#changeGoal();
    }
    if (this.seenS === null) this.fade = 1; // the first face of all comes from nowhere
    this.seenS = atS;
    this.fade = Math.min(1, this.fade + stepS / FADE_S);
    const goal = frames.length ? mixed(frames, atS - this.delayS) : REST_FACE;
    this.shown = this.fade === 1 ? goal : mixFaces(this.from, goal, smoothstep(this.fade));
    return this.shown;
  }

  #changeGoal() {
    this.from = this.shown;
    this.fade = 0;
  }
}

/** @param {{atS: number, face: FacePose}[]} frames @param {number} atS */
function mixed(frames, atS) {
  const after = bisectRight(frames.map((frame) => frame.atS), atS);
  if (after === 0) return frames[0].face;
  if (after === frames.length) return frames[after - 1].face;
  const [first, second] = [frames[after - 1], frames[after]];
  return mixFaces(first.face, second.face, (atS - first.atS) / (second.atS - first.atS));
}
