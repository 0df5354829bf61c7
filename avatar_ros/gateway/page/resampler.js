// Sound between two rates by a windowed sinc (Smith, "Digital Audio Resampling"): any ratio, and any place is reached
// directly, so that where a sample of the voice is heard is known exactly.

const ZEROS = 16; // zero crossings of the sinc on each side
const PHASES = 512; // table entries between two zero crossings
const KAISER_BETA = 9; // 90 dB
const PASS = 0.94; // of the lower rate's half: the rest is the filter's slope

/** Modified Bessel function of order 0. @param {number} x */
function bessel0(x) {
  let sum = 1;
  for (let k = 1, term = 1; term > 1e-12 * sum; ++k) sum += term *= (x / (2 * k)) ** 2;
  return sum;
}

const TABLE = Float32Array.from({ length: ZEROS * PHASES + 2 }, (_, k) => {
  const t = k / PHASES;
  if (t >= ZEROS) return 0;
  const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
  return (sinc * bessel0(KAISER_BETA * Math.sqrt(1 - (t / ZEROS) ** 2))) / bessel0(KAISER_BETA);
});

export class Interpolator {
  /** @param {number} fromHz @param {number} toHz */
  constructor(fromHz, toHz) {
    this.same = fromHz === toHz;
    this.step = fromHz / toHz; // samples of the input between two of the output
    this.cutoff = this.same ? 1 : PASS * Math.min(1, toHz / fromHz); // of the input's half rate
    this.reach = Math.ceil(ZEROS / this.cutoff); // samples of the input on each side that count
  }

  /** The sound at a place between samples; what lies outside is silence.
   * @param {Float32Array} samples @param {number} at index into them @param {number} [end] how many of them there are */
  at(samples, at, end = samples.length) {
    const middle = Math.floor(at);
    if (this.same && at === middle) return middle >= 0 && middle < end ? samples[middle] : 0;
    const { cutoff, reach } = this;
    const last = Math.min(end - 1, middle + reach);
    let sum = 0;
    for (let i = Math.max(0, middle - reach + 1); i <= last; ++i) {
      const x = Math.abs(at - i) * cutoff * PHASES;
      const k = x | 0;
      if (k >= ZEROS * PHASES) continue;
      sum += samples[i] * (TABLE[k] + (x - k) * (TABLE[k + 1] - TABLE[k]));
    }
    return sum * cutoff;
  }
}

/** A stream from one rate to another, a piece at a time, delayed by `reach` samples of the input. */
export class StreamResampler {
  /** @param {number} fromHz @param {number} toHz */
  constructor(fromHz, toHz) {
    this.interpolator = new Interpolator(fromHz, toHz);
    this.kept = new Float32Array(0); // of the input, the first of them being sample `first`
    this.first = 0;
    this.given = 0; // samples of the output so far
  }

  /** What can be said of the output now. @param {Float32Array} input @returns {Float32Array} */
  push(input) {
    const { interpolator } = this;
    const joined = new Float32Array(this.kept.length + input.length);
    joined.set(this.kept);
    joined.set(input, this.kept.length);
    const known = this.first + joined.length - interpolator.reach;
    const out = [];
    for (let at = this.given * interpolator.step; at < known; at = ++this.given * interpolator.step) {
      out.push(interpolator.at(joined, at - this.first));
    }
    const needed = Math.max(0, Math.floor(this.given * interpolator.step) - interpolator.reach - this.first);
    this.kept = joined.slice(Math.min(needed, joined.length));
    this.first += Math.min(needed, joined.length);
    return Float32Array.from(out);
  }
}
