// What is played: turns in their order, held until there is enough, paused, ducked and cancelled without a click.
// Pure: no device, no thread, no clock but the frames that are asked for.

import { Interpolator } from './resampler.js';
import { SpeechBuffer } from './speech_buffer.js';

/**
 * @typedef {'playing' | 'paused' | 'starved' | 'ended'} PlayState
 * @typedef {{frame: number, turn: number, sample: number, rateHz: number, state: PlayState, gain: number, underruns: number, buffered_s: number}} PlaybackEvent
 *   at that frame of the output that sample is played, and that state begins
 */

const PREROLL_S = 0.12;
const MOST_PREROLL_S = 0.6;
const CALM_S = 60; // after so long without an underrun the preroll shrinks again
const LIPS_WAIT_S = 0.3;
const FADE_S = 0.02;
const DUCK_FADE_S = 0.03;
const DUCK_GAIN = 10 ** (-15 / 20);
const EVENT_S = 0.04;
const STANDING_EVENT_S = 0.5;
const MOST_TURNS = 64;

export class Playback {
  /** @param {number} outputHz the hardware's rate */
  constructor(outputHz) {
    this.outputHz = outputHz;
    /** @type {SpeechBuffer[]} */
    this.turns = [];
    /** @type {PlaybackEvent[]} */
    this.events = [];
    this.at = 0; // place in the first turn's speech, samples
    /** @type {PlayState} */
    this.state = 'ended';
    this.prerollS = PREROLL_S;
    this.underruns = 0;
    this.calmSince = 0; // frame
    this.cancelled = -1; // this turn and those before it are thrown away
    this.pausedTurn = -1;
    this.lipsTurn = -1; // greatest turn whose lips are here
    /** @type {number | null} */
    this.heldSince = null; // frame from which the first sound waits for its lips
    this.ducked = false;
    this.dropping = false; // fades out to be thrown away
    this.gain = 0;
    this.eventFrame = -Infinity;
    /** @type {Interpolator | null} */
    this.interpolator = null;
  }

  /** @param {number} turn @param {number} rateHz @param {number} first @param {Int16Array} pcm
   * @param {boolean} last nothing follows in this turn @param {boolean} [rests] a sentence ends here: the next may take its time */
  offer(turn, rateHz, first, pcm, last, rests = last) {
    if (turn <= this.cancelled) return;
    let buffer = this.turns.find((other) => other.turn === turn);
    if (!buffer) {
      if (this.turns.length >= MOST_TURNS || (this.turns.length && turn < this.turns[this.turns.length - 1].turn)) return;
      this.turns.push((buffer = new SpeechBuffer(turn, rateHz)));
    }
    buffer.add(first, pcm);
    buffer.complete ||= last;
    if (rests) buffer.restsAt = buffer.end;
  }

  /** What the page says. @param {any} message sound, an order or the news of lips */
  hear(message) {
    if (message.pcm) this.offer(message.turn, message.rateHz, message.first, message.pcm, message.last, message.rests);
    else if (message.action) this.order(message.action, message.turn);
    else if (message.lips !== undefined) this.lips(message.lips);
  }

  /** The first lips of a turn have come. @param {number} turn */
  lips(turn) {
    this.lipsTurn = Math.max(this.lipsTurn, turn);
  }

  /** @param {string} action duck, pause, resume, cancel or repeat @param {number} turn */
  order(action, turn) {
    if (action === 'duck') this.ducked = true;
    else if (action === 'pause') this.pausedTurn = Math.max(this.pausedTurn, turn);
    else if (action === 'resume') [this.pausedTurn, this.ducked] = [-1, false];
    else if (action === 'cancel' || action === 'repeat') this.#cancel(turn);
  }

  /** Fill `out` with the sound of frames [frame, frame + out.length). @param {Float32Array} out @param {number} frame */
  render(out, frame) {
    out.fill(0);
    const current = this.turns[0];
    if (!current) return;
    if (!this.#moves(current, frame, out.length)) {
      if (this.state === 'paused' || this.state === 'starved') this.#event(current, frame, this.state, STANDING_EVENT_S);
      return;
    }
    this.#event(current, frame, 'playing', EVENT_S);
    const goal = this.#goal(current, out.length);
    const fade = this.ducked && goal > 0 && this.gain >= DUCK_GAIN ? DUCK_FADE_S : FADE_S;
    const done = this.#mix(current, out, goal, fade);
    this.#settle(current, frame + done, goal);
  }

  /** Whether the turn's sound goes on in this block. @param {SpeechBuffer} turn @param {number} frame @param {number} length */
  #moves(turn, frame, length) {
    if (this.gain > 0 && this.state === 'playing') return true;
    if (this.dropping) return this.#drop(frame);
    if (turn.turn <= this.pausedTurn) {
      if (this.state === 'starved') this.#event(turn, frame, 'paused', 0);
      return false;
    }
    const ahead = (turn.end - this.at) / turn.rateHz;
    const enough = turn.complete || ahead >= this.prerollS + length / this.outputHz;
    if (!enough) return false;
    if (this.state === 'ended' && turn.turn > this.lipsTurn && turn.count > 0) {
      this.heldSince ??= frame;
      if (frame - this.heldSince < LIPS_WAIT_S * this.outputHz) return false;
    }
    this.heldSince = null;
    this.calmSince = this.state === 'ended' ? this.calmSince : frame;
    return true;
  }

  /** The gain that this block moves towards; 0: it fades out and holds. @param {SpeechBuffer} turn @param {number} length */
  #goal(turn, length) {
    if (this.dropping || turn.turn <= this.pausedTurn) return 0;
    const needed = this.at + (2 * length + FADE_S * this.outputHz) * (turn.rateHz / this.outputHz) + 32;
    if (!turn.complete && turn.end < needed) return 0; // it would run dry
    return this.ducked ? DUCK_GAIN : 1;
  }

  /** Samples of the block that were played. @param {SpeechBuffer} turn @param {Float32Array} out @param {number} goal @param {number} fadeS */
  #mix(turn, out, goal, fadeS) {
    if (!this.interpolator || this.interpolator.step !== turn.rateHz / this.outputHz) this.interpolator = new Interpolator(turn.rateHz, this.outputHz);
    const interpolator = this.interpolator;
    const change = 1 / (fadeS * this.outputHz);
    for (let k = 0; k < out.length; ++k) {
      if (this.at >= turn.end && turn.complete) return k;
      this.gain = goal > this.gain ? Math.min(goal, this.gain + change) : Math.max(goal, this.gain - change);
      if (this.gain === 0 && goal === 0) return k;
      out[k] = this.gain * interpolator.at(turn.samples, this.at - turn.first, turn.count);
      this.at += interpolator.step;
    }
    turn.forget(Math.floor(this.at) - interpolator.reach);
    return out.length;
  }

  /** What follows from the block that was played. @param {SpeechBuffer} turn @param {number} frame @param {number} goal */
  #settle(turn, frame, goal) {
    if (turn.complete && this.at >= turn.end) this.#finish(turn, frame);
    else if (goal === 0 && this.gain === 0) {
      if (this.dropping) this.#drop(frame);
      else if (turn.turn <= this.pausedTurn) this.#event(turn, frame, 'paused', 0);
      else this.#starve(turn, frame);
    }
    if (this.prerollS > PREROLL_S && frame - this.calmSince > CALM_S * this.outputHz) {
      this.prerollS = Math.max(PREROLL_S, this.prerollS / 2);
      this.calmSince = frame;
    }
  }

  /** @param {SpeechBuffer} turn @param {number} frame */
  #starve(turn, frame) {
    if (turn.restsAt !== turn.end) {
      this.underruns += 1;
      this.calmSince = frame;
      this.prerollS = Math.min(MOST_PREROLL_S, this.prerollS * 2);
    }
    this.#event(turn, frame, 'starved', 0);
  }

  /** @param {SpeechBuffer} turn @param {number} frame */
  #finish(turn, frame) {
    this.#event(turn, frame, 'ended', 0);
    this.turns.shift();
    [this.at, this.gain, this.state, this.heldSince, this.dropping] = [0, 0, 'ended', null, false];
  }

  /** Throw away what was cancelled; the first turn is silent by now. @param {number} frame */
  #drop(frame) {
    this.dropping = false;
    const first = this.turns[0];
    if (first && first.turn <= this.cancelled) {
      if (this.state !== 'ended') this.#event(first, frame, 'ended', 0);
      [this.at, this.gain, this.state, this.heldSince] = [0, 0, 'ended', null];
    }
    this.turns = this.turns.filter((turn) => turn.turn > this.cancelled);
    return false;
  }

  /** @param {number} turn */
  #cancel(turn) {
    this.cancelled = Math.max(this.cancelled, turn);
    this.ducked = false;
    const first = this.turns[0];
    this.turns = this.turns.filter((other) => other === first || other.turn > turn);
    if (first && first.turn <= turn) this.dropping = true;
  }

  /** @param {SpeechBuffer} turn @param {number} frame @param {PlayState} state @param {number} periodS */
  #event(turn, frame, state, periodS) {
    if (state === this.state && frame - this.eventFrame < periodS * this.outputHz) return;
    this.state = state;
    this.eventFrame = frame;
    const buffered_s = (turn.end - this.at) / turn.rateHz;
    this.events.push({ frame, turn: turn.turn, sample: this.at, rateHz: turn.rateHz, state, gain: this.gain, underruns: this.underruns, buffered_s });
  }
}
