// The way of the microphone's sound to the server: WebRTC where that connects, else the socket, as Opus where both can.

import { encodeMic } from './protocol.js';

/** @typedef {import('./connection.js').Connection} Connection */
/** @typedef {{pcm: Int16Array, first: number, atS: number}} Piece */

// Sent again where WebRTC fails, for the server notices within 0.7 s, and leaves out what it has heard. As PCM it is as much as a socket takes at once.
const KEPT_S = 1.8;
const RATE_HZ = 16000;

export class Uplink {
  /** @param {Connection} connection @param {import('./microphone.js').Microphone} microphone */
  constructor(connection, microphone) {
    this.connection = connection;
    this.microphone = microphone;
    /** @type {Piece[]} */
    this.kept = [];
    /** @type {import('./opus.js').OpusUplink | null} */
    this.opus = null;
    /** @type {import('./webrtc.js').RtcUplink | null} */
    this.rtc = null;
    this.bytes = 0; // by the socket
    this.listening = new AbortController();
    for (const kind of ['session', 'lost', 'rtc_answer', 'rtc_state']) {
      connection.addEventListener(kind, (event) => this.#hear(kind, /** @type {CustomEvent} */ (event).detail), { signal: this.listening.signal });
    }
    if (connection.session) this.#hear('session', connection.session);
  }

  /** By which way it goes now. */
  get way() {
    return this.rtc?.flows ? 'webrtc' : this.opus ? 'opus' : 'pcm';
  }

  /** @param {Int16Array} pcm @param {number} first @param {number} atS the page's time */
  piece(pcm, first, atS) {
    const piece = { pcm, first, atS };
    this.kept.push(piece);
    while (this.kept[0].first < first - KEPT_S * RATE_HZ) this.kept.shift();
    if (!this.rtc?.flows) this.#send(piece);
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.rtc?.mute(muted);
  }

  close() {
    this.listening.abort();
    this.#dropRtc();
    this.opus?.close();
    this.opus = null;
  }

  /** @param {Piece} piece */
  #send(piece) {
    if (this.opus) this.opus.encode(piece);
    else this.#bytes(encodeMic(piece.pcm, piece.first, this.connection.clock.toServer(piece.atS)));
  }

  /** @param {ArrayBuffer} bytes */
  #bytes(bytes) {
    this.bytes += bytes.byteLength;
    this.connection.sendBytes(bytes);
  }

  /** @param {string} kind @param {any} message */
  #hear(kind, message) {
    if (kind === 'session') this.#begin(message).catch((error) => console.warn(error)); // the socket takes it all
    else if (kind === 'lost') this.#dropRtc();
    else if (message.id !== this.rtc?.id) return;
    else if (kind === 'rtc_answer') this.rtc?.answered(message.sdp);
    else if (message.state === 'flows') this.rtc?.arrived();
    else this.#goBack();
  }

  /** @param {any} session */
  async #begin(session) {
    this.#dropRtc();
    this.connection.send({ kind: 'mic', echo_cancelled: this.microphone.cancelsEcho });
    if (session.opus && !this.opus) {
      const { OpusUplink } = await import('./opus.js');
      const opus = await OpusUplink.open((bytes) => this.#bytes(bytes), this.connection, () => (this.opus = null));
      if (this.listening.signal.aborted) return opus?.close();
      this.opus = opus;
    }
    if (!session.rtc || typeof RTCPeerConnection === 'undefined') return;
    const { RtcUplink } = await import('./webrtc.js');
    if (this.listening.signal.aborted || !this.connection.alive) return;
    this.#dropRtc();
    this.rtc = new RtcUplink(session.rtc, this.microphone, this.connection, () => this.#goBack());
    this.rtc.mute(this.microphone.muted);
  }

  /** WebRTC did not come, or failed: what is not heard yet is sent by the socket. */
  #goBack() {
    const flowed = this.rtc?.flows;
    this.#dropRtc();
    if (flowed) this.kept.forEach((piece) => this.#send(piece));
  }

  #dropRtc() {
    this.rtc?.close();
    this.rtc = null;
  }
}
