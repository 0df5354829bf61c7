// The voice: from the socket to the sound card, and what of it is heard when.

import { SoundClock } from './sound_clock.js';

/** @typedef {import('./playback.js').PlaybackEvent} PlaybackEvent */

const RESUME_MS = 500;

export class Player {
  /** Called for each event of the playback, with the page's time at which it is heard. @type {(event: PlaybackEvent, atS: number) => void} */
  onevent = () => {};

  /** Must be called while a click or a key is being handled, or the browser keeps the sound off. @returns {Promise<Player>} */
  static async open() {
    const context = new AudioContext({ latencyHint: 'interactive' });
    const resumed = context.resume();
    const node = await Player.#node(context);
    await Promise.race([resumed, new Promise((done) => setTimeout(done, RESUME_MS))]); // where it is refused it never ends
    return new Player(context, node);
  }

  /** In the sound thread where the browser has one. @param {AudioContext} context */
  static async #node(context) {
    if (!context.audioWorklet) return new (await import('./script_player.js')).ScriptPlayer(context);
    await context.audioWorklet.addModule(new URL('./player_worklet.js', import.meta.url));
    return new AudioWorkletNode(context, 'avatar-player', { numberOfInputs: 0, outputChannelCount: [1] });
  }

  /** @param {AudioContext} context @param {AudioWorkletNode | import('./script_player.js').ScriptPlayer} node */
  constructor(context, node) {
    this.context = context;
    this.clock = new SoundClock(context);
    this.node = node;
    this.node.connect(context.destination);
    this.underruns = 0;
    this.buffered_s = 0;
    /** @type {PlaybackEvent | null} */
    this.last = null;
    this.node.port.onmessage = (/** @type {{data: PlaybackEvent}} */ { data }) => this.#hear(data);
  }

  /** @param {import('./protocol.js').Voice} voice */
  play({ turn, rateHz, first, pcm, turnEnds, sentenceEnds }) {
    this.node.port.postMessage({ turn, rateHz, first, pcm, last: turnEnds, rests: sentenceEnds }, [pcm.buffer]);
  }

  /** The lips of a turn are here: its sound may begin. @param {number} turn */
  lips(turn) {
    this.node.port.postMessage({ lips: turn });
  }

  /** @param {string} action @param {number} turn */
  order(action, turn) {
    this.node.port.postMessage({ action, turn });
  }

  /** Another conversation begins: turns are counted anew. */
  forget() {
    this.node.port.postMessage({ forget: true });
  }

  /** A phone call, another program or a hidden page may have stopped the sound. */
  async wake() {
    if (this.context.state !== 'running' && this.context.state !== 'closed') await this.context.resume().catch(() => {});
  }

  async close() {
    await this.context.close();
  }

  /** @param {PlaybackEvent} event */
  #hear(event) {
    this.clock.read(performance.now() / 1000);
    this.clock.add(event);
    this.last = event;
    this.underruns = event.underruns;
    this.buffered_s = event.buffered_s;
    this.onevent(event, this.clock.heardAtS(event.frame));
  }
}
