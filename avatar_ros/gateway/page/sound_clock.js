// Which frame of the output is heard when. The page's time is performance.now() in seconds throughout.

/** @typedef {import('./playback.js').PlaybackEvent} PlaybackEvent */

const KEPT_EVENTS = 64;
const SMOOTHING = 0.05; // of the offset between the card's time and the page's, which is read with jitter
const JUMP_S = 0.05;

export class SoundClock {
  /** @param {{sampleRate: number, currentTime: number, outputLatency?: number, baseLatency?: number, getOutputTimestamp?: () => AudioTimestamp}} context */
  constructor(context) {
    this.context = context;
    /** @type {PlaybackEvent[]} */
    this.events = [];
    /** @type {number | null} */
    this.offsetS = null; // the page's time less the card's, for what is heard
  }

  /** Read both clocks: call it often. @param {number} nowS */
  read(nowS) {
    const { context } = this;
    const stamp = context.getOutputTimestamp?.();
    let offsetS;
    if (stamp && /** @type {number} */ (stamp.contextTime) > 0 && /** @type {number} */ (stamp.performanceTime) > 0) {
      offsetS = /** @type {number} */ (stamp.performanceTime) / 1000 - /** @type {number} */ (stamp.contextTime);
    } else {
      offsetS = nowS - context.currentTime + (context.outputLatency ?? context.baseLatency ?? 0);
    }
    const near = this.offsetS !== null && Math.abs(offsetS - this.offsetS) < JUMP_S;
    this.offsetS = near ? /** @type {number} */ (this.offsetS) + SMOOTHING * (offsetS - /** @type {number} */ (this.offsetS)) : offsetS;
  }

  /** @param {PlaybackEvent} event */
  add(event) {
    this.events.push(event);
    if (this.events.length > KEPT_EVENTS) this.events.shift();
  }

  /** When a frame of the output is heard, the page's time. @param {number} frame */
  heardAtS(frame) {
    return frame / this.context.sampleRate + (this.offsetS ?? 0);
  }

  /** What is heard at an instant of the page; null: nothing was ever played. @param {number} atS */
  heard(atS) {
    const frame = (atS - (this.offsetS ?? 0)) * this.context.sampleRate;
    let event = null;
    for (const other of this.events) if (other.frame <= frame) event = other;
    if (!event) return null;
    const moved = event.state === 'playing' ? ((frame - event.frame) * event.rateHz) / this.context.sampleRate : 0;
    return { turn: event.turn, sample: event.sample + moved, rateHz: event.rateHz, state: event.state };
  }
}
