// What the face does at an instant: speech by heard sample, idle by time, faded so that nothing jumps: as
// render/face.py, which is the reference. Pure: told messages and times.

import { IdleLayer } from './idle_layer.js';
import { REST_FACE, REST_POSE, mixQuaternions, quaternionProduct } from './pose.js';
import { SpeechTrack } from './speech_track.js';

/** @typedef {import('./pose.js').FacePose} FacePose */
/** @typedef {{turn: number, sample: number, atS: number, rateHz: number, state: string}} Playback at `atS` that sample is heard */
/** @typedef {FacePose & {sample: number, turn: number, speaking: boolean}} FaceState sample: of the turn's speech, -1: nothing is heard */

const FADE_S = 0.06; // lips leave rest and return to it over this time where sound stops in the middle of a shape
const CLOCK_DEAD_S = 1.0;
const MOST_TRACKS = 64;

export class Face {
  /** @param {number} [idleDelayS] */
  constructor(idleDelayS) {
    /** @type {Map<number, SpeechTrack>} */
    this.tracks = new Map();
    /** @type {Playback | null} */
    this.clock = null;
    this.paused = -1; // this turn and those before it are held
    this.idle = new IdleLayer(idleDelayS);
    this.held = REST_FACE;
    this.gain = 0;
    /** @type {number | null} */
    this.seenS = null;
  }

  /** Another conversation begins: turns are counted anew, and the lips go to rest. */
  forget() {
    this.tracks.clear();
    this.clock = null;
    this.paused = -1;
  }

  /** @param {number} turn @param {number} sample @param {number} rateHz @param {FacePose} face */
  express(turn, sample, rateHz, face) {
    let track = this.tracks.get(turn);
    if (!track) this.tracks.set(turn, (track = new SpeechTrack()));
    track.add(sample, rateHz, face);
    if (this.tracks.size > MOST_TRACKS) this.tracks.delete(Math.min(...this.tracks.keys()));
  }

  /** @param {number} atS @param {FacePose} face */
  beIdle(atS, face) {
    this.idle.add(atS, face);
  }

  /** Whether lips of that turn are there. @param {number} turn */
  hasLips(turn) {
    return this.tracks.has(turn);
  }

  /** The newest playback; older turns' faces are dropped. @param {Playback} clock */
  playback(clock) {
    this.clock = clock;
    this.#keep((turn) => turn > clock.turn || (turn === clock.turn && clock.state !== 'ended'));
  }

  /** @param {string} action @param {number} turn */
  order(action, turn) {
    if (action === 'cancel' || action === 'repeat') this.#keep((other) => other > turn);
    else if (action === 'pause') this.paused = Math.max(this.paused, turn);
    else if (action === 'resume') this.paused = -1;
  }

  /** The face at `atS`; called with growing times, once a frame. @param {number} atS @returns {FaceState} */
  at(atS) {
    const stepS = this.seenS === null ? 0 : Math.max(0, atS - this.seenS);
    this.seenS = atS;
    const sample = this.#sample(atS);
    const track = sample === null || !this.clock ? undefined : this.tracks.get(this.clock.turn);
    const found = track && sample !== null ? track.at(sample) : null;
    if (found) this.held = found;
    const limit = stepS / FADE_S;
    this.gain = found ? Math.min(1, this.gain + 2 * limit) : Math.max(0, this.gain - limit);
    return this.#compose(atS, sample);
  }

  /** @param {(turn: number) => boolean} wanted */
  #keep(wanted) {
    for (const turn of [...this.tracks.keys()]) if (!wanted(turn)) this.tracks.delete(turn);
  }

  /** @param {number} atS */
  #sample(atS) {
    const clock = this.clock;
    if (!clock || clock.state !== 'playing' || clock.turn <= this.paused) return null;
    const ageS = atS - clock.atS;
    return ageS > CLOCK_DEAD_S ? null : clock.sample + ageS * clock.rateHz;
  }

  /** @param {number} atS @param {number | null} sample @returns {FaceState} */
  #compose(atS, sample) {
    const idle = this.idle.at(atS);
    const { weights, head } = this.held;
    const rotation = mixQuaternions(REST_POSE.rotation, head.rotation, this.gain);
    return {
      weights: weights.map((x, k) => Math.min(1, Math.max(0, x * this.gain + idle.weights[k]))),
      head: {
        rotation: quaternionProduct(idle.head.rotation, rotation),
        translation: idle.head.translation.map((x, k) => x + head.translation[k] * this.gain),
      },
      sample: sample === null ? -1 : Math.round(sample),
      turn: this.clock ? this.clock.turn : 0,
      speaking: sample !== null && this.gain > 0,
    };
  }
}
