// The voice's way to the card: runs in the sound thread.

import { Playback } from './playback.js';

class PlayerProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.playback = new Playback(sampleRate);
    this.port.onmessage = ({ data }) => this.#hear(data);
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs */
  process(_inputs, outputs) {
    const [first, ...others] = outputs[0];
    this.playback.render(first, currentFrame);
    others.forEach((channel) => channel.set(first));
    for (const event of this.playback.events.splice(0)) this.port.postMessage(event);
    return true;
  }

  /** @param {any} message */
  #hear(message) {
    if (message.forget) this.playback = new Playback(sampleRate);
    else this.playback.hear(message);
  }
}

registerProcessor('avatar-player', PlayerProcessor);
