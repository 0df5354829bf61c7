// How far the lips on the screen are from the sound that is heard, by the sound card's own clock.

const KEPT = 600;

export class LipError {
  constructor() {
    /** @type {number[]} */
    this.errorsMs = [];
  }

  /** @param {{pose: {sample: number, turn: number}, seenS: number}} shown @param {{turn: number, sample: number, rateHz: number, state: string} | null} heard at the instant at which the picture is seen */
  add({ pose }, heard) {
    if (!heard || heard.state !== 'playing' || pose.sample < 0 || pose.turn !== heard.turn) return;
    this.errorsMs.push(((pose.sample - heard.sample) / heard.rateHz) * 1000);
    if (this.errorsMs.length > KEPT) this.errorsMs.shift();
  }

  /** Of the absolute error, ms. @param {number} share 0-1 */
  quantile(share) {
    if (!this.errorsMs.length) return NaN;
    const sorted = this.errorsMs.map(Math.abs).sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  }
}
