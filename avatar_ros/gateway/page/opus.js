// The microphone's pieces as Opus, by the browser's own encoder.

import { encodeMicOpus } from './protocol.js';

/** @typedef {import('./uplink.js').Piece} Piece */

const SKIP = 312; // Opus' look-ahead of 6.5 ms at 48 kHz; Chromium's OpusHead counts it in samples of the input instead
const CONFIG = { codec: 'opus', sampleRate: 16000, numberOfChannels: 1, bitrate: 24000, opus: { frameDuration: 20000, application: 'voip' } };
const MOST_WAITING = 200; // pieces in the encoder, four seconds: it does not keep up

export class OpusUplink {
  /** What can encode, or null. @param {(bytes: ArrayBuffer) => void} send @param {import('./connection.js').Connection} connection
   * @param {() => void} onfailed @returns {Promise<OpusUplink | null>} */
  static async open(send, connection, onfailed) {
    if (typeof AudioEncoder === 'undefined') return null;
    const { supported } = await AudioEncoder.isConfigSupported(/** @type {any} */ (CONFIG)).catch(() => ({ supported: false }));
    return supported ? new OpusUplink(send, connection, onfailed) : null;
  }

  /** @param {(bytes: ArrayBuffer) => void} send @param {import('./connection.js').Connection} connection @param {() => void} onfailed */
  constructor(send, connection, onfailed) {
    this.send = send;
    this.connection = connection;
    /** @type {Piece[]} */
    this.waiting = []; // in the encoder: it gives a packet for each, in order
    this.encoder = new AudioEncoder({
      output: (chunk) => this.#coded(chunk),
      error: (error) => {
        console.warn(error);
        onfailed();
      },
    });
    this.encoder.configure(/** @type {any} */ (CONFIG));
  }

  /** @param {Piece} piece of 20 ms */
  encode(piece) {
    if (this.encoder.state !== 'configured' || this.waiting.length >= MOST_WAITING) return;
    this.waiting.push(piece);
    const { pcm, first } = piece;
    const data = /** @type {Int16Array<ArrayBuffer>} */ (pcm);
    const sound = new AudioData({ format: 's16', sampleRate: 16000, numberOfFrames: pcm.length, numberOfChannels: 1, timestamp: (first * 1e6) / 16000, data });
    this.encoder.encode(sound);
    sound.close();
  }

  close() {
    if (this.encoder.state !== 'closed') this.encoder.close();
  }

  /** @param {EncodedAudioChunk} chunk */
  #coded(chunk) {
    const piece = this.waiting.shift();
    if (!piece) return;
    const packet = new Uint8Array(chunk.byteLength);
    chunk.copyTo(packet);
    this.send(encodeMicOpus(packet, piece.pcm.length, SKIP, piece.first, this.connection.clock.toServer(piece.atS)));
  }
}
