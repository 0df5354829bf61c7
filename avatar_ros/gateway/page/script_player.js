// The voice where there is no sound thread for pages: browsers give it to https alone. As player_worklet.js, in the page's own thread, so with
// a longer way to the card.

import { Playback } from './playback.js';

const FRAMES = 1024;

/** What AudioWorkletNode is to the player: a node with a port. */
export class ScriptPlayer {
  /** @param {AudioContext} context */
  constructor(context) {
    this.node = context.createScriptProcessor(FRAMES, 1, 1);
    /** @type {{postMessage: (message: any, transfer?: any) => void, onmessage: (event: {data: any}) => void}} */
    this.port = { postMessage: (message) => this.#hear(message), onmessage: () => {} };
    this.rate = context.sampleRate;
    this.playback = new Playback(this.rate);
    this.node.onaudioprocess = (event) => this.#play(event);
  }

  /** @param {AudioNode} place */
  connect(place) {
    this.node.connect(place);
  }

  /** @param {AudioProcessingEvent} event */
  #play(event) {
    this.playback.render(event.outputBuffer.getChannelData(0), Math.round(event.playbackTime * this.rate));
    for (const data of this.playback.events.splice(0)) this.port.onmessage({ data });
  }

  /** @param {any} message as the sound thread takes them */
  #hear(message) {
    if (message.forget) this.playback = new Playback(this.rate);
    else this.playback.hear(message);
  }
}
