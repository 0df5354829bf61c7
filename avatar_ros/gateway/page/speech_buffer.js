// The sound of one turn as far as it has come: samples by number, from the first that is still needed.

const MOST_SAMPLES = 24000 * 120; // the voice comes at most seconds ahead; a server that sends more is not believed

export class SpeechBuffer {
  /** @param {number} turn @param {number} rateHz */
  constructor(turn, rateHz) {
    this.turn = turn;
    this.rateHz = rateHz;
    this.samples = new Float32Array(rateHz);
    this.first = 0; // number of samples[0]
    this.count = 0;
    this.complete = false;
    this.restsAt = -1; // where the last sentence ended
    this.lost = 0; // samples that never came, played as silence
  }

  /** One past the last sample that is here. */
  get end() {
    return this.first + this.count;
  }

  /** @param {number} first number of pcm[0] @param {Int16Array} pcm */
  add(first, pcm) {
    if (first > this.end) {
      const gap = Math.min(first - this.end, MOST_SAMPLES - this.count);
      this.lost += gap;
      this.#make(gap);
      this.samples.fill(0, this.count, this.count + gap);
      this.count += gap;
    }
    const known = Math.max(0, this.end - first);
    const fresh = Math.min(pcm.length - known, MOST_SAMPLES - this.count);
    if (fresh <= 0) return;
    this.#make(fresh);
    for (let k = 0; k < fresh; ++k) this.samples[this.count + k] = pcm[known + k] / 32768;
    this.count += fresh;
  }

  /** Samples before this one are not needed any more. @param {number} number */
  forget(number) {
    const gone = Math.min(this.count, number - this.first);
    if (gone < this.rateHz) return; // a second at a time
    this.samples.copyWithin(0, gone, this.count);
    this.first += gone;
    this.count -= gone;
  }

  /** @param {number} more */
  #make(more) {
    if (this.count + more <= this.samples.length) return;
    const larger = new Float32Array(2 * (this.count + more));
    larger.set(this.samples.subarray(0, this.count));
    this.samples = larger;
  }
}
