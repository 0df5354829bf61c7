// The microphone's sound at 16 kHz, in pieces of 20 ms: runs in the sound thread.

import { StreamResampler } from './resampler.js';

const RATE_HZ = 16000;
const PIECE = 320;

class MicProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new StreamResampler(sampleRate, RATE_HZ);
    this.delayFrames = this.resampler.interpolator.reach;
    this.piece = new Int16Array(PIECE);
    this.filled = 0;
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const channels = inputs[0];
    const sound = channels.length ? mono(channels) : new Float32Array(128); // nothing: silence, so that the count goes on
    for (const sample of this.resampler.push(sound)) {
      this.piece[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
      if (this.filled === PIECE) this.#send();
    }
    return true;
  }

  #send() {
    const frame = currentFrame + 128 - this.delayFrames - (PIECE * sampleRate) / RATE_HZ; // when piece[0] came in, about
    this.port.postMessage({ pcm: this.piece, frame }, [this.piece.buffer]);
    this.piece = new Int16Array(PIECE);
    this.filled = 0;
  }
}

/** @param {Float32Array[]} channels */
function mono(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, k) => channels.reduce((sum, channel) => sum + channel[k], 0) / channels.length);
}

registerProcessor('avatar-mic', MicProcessor);
