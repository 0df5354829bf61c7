// The microphone's pieces as Opus, by the browser's own encoder.

import { encodeMicOpus } from './protocol.js';

/** @typedef {import('./uplink.js').Piece} Piece */

const PRE_SKIP = 312; // RFC 7845, 5.1: of an encoder that says none, at 48 kHz
const CONFIG = { codec: 'opus', sampleRate: 16000, numberOfChannels: 1, bitrate: 24000, opus: { frameDuration: 20000, application: 'voip' } };
const MOST_WAITING = 100; // pieces in the encoder, two seconds: it does not keep up

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
    this.skip = PRE_SKIP;
    /** @type {Piece[]} */
    this.waiting = []; // in the encoder: it gives a packet for each, in order
    this.encoder = new AudioEncoder({
      output: (chunk, about) => this.#coded(chunk, about),
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

  /** @param {EncodedAudioChunk} chunk @param {EncodedAudioChunkMetadata | undefined} about */
  #coded(chunk, about) {
    const header = about?.decoderConfig?.description;
    if (header) this.skip = preSkip(header) ?? this.skip;
    const piece = this.waiting.shift();
    if (!piece) return;
    const packet = new Uint8Array(chunk.byteLength);
    chunk.copyTo(packet);
    this.send(encodeMicOpus(packet, piece.pcm.length, this.skip, piece.first, this.connection.clock.toServer(piece.atS)));
  }
}

/** Of an OpusHead. @param {AllowSharedBufferSource} header */
function preSkip(header) {
  const view = ArrayBuffer.isView(header) ? new DataView(header.buffer, header.byteOffset, header.byteLength) : new DataView(header);
  return view.byteLength >= 12 ? view.getUint16(10, true) : null;
}
