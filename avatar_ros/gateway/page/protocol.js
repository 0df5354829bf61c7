// Frames of the socket as bytes. Little-endian; the layout is that of gateway/frames.py on the server's side.

import { WEIGHTS, safePose } from './pose.js';

/**
 * @typedef {{kind: 'voice', seq: number, turn: number, sentence: number, first: number, rateHz: number, pcm: Int16Array, sentenceEnds: boolean, turnEnds: boolean}} Voice
 * @typedef {{kind: 'face', seq: number, turn: number, sample: number, rateHz: number, last: boolean, face: import('./pose.js').FacePose}} SpeechFace
 * @typedef {{kind: 'idle', seq: 0, atS: number, face: import('./pose.js').FacePose}} IdleFace
 */

const VOICE = 1;
const SPEECH_FACE = 2;
const IDLE_FACE = 3;
const MIC = 16;
const MIC_OPUS = 17;
const HEADER_BYTES = 24;
const FACE_BYTES = 60 + 2 * WEIGHTS;

/** @param {ArrayBuffer} buffer @returns {Voice | SpeechFace | IdleFace | null} null: a kind of a later version, or damaged */
export function decode(buffer) {
  if (buffer.byteLength < HEADER_BYTES) return null;
  const view = new DataView(buffer);
  const kind = view.getUint8(0);
  if (kind === VOICE) return voice(buffer, view);
  if ((kind === SPEECH_FACE || kind === IDLE_FACE) && buffer.byteLength >= FACE_BYTES) return face(kind, view);
  return null;
}

/** @param {ArrayBuffer} buffer @param {DataView} view @returns {Voice | null} */
function voice(buffer, view) {
  const flags = view.getUint8(1);
  const count = view.getUint32(20, true);
  if (buffer.byteLength < HEADER_BYTES + 2 * count) return null;
  return {
    kind: 'voice', seq: view.getUint32(4, true), turn: view.getUint32(8, true), sentence: view.getUint16(2, true),
    first: view.getUint32(12, true), rateHz: view.getUint32(16, true), pcm: new Int16Array(buffer.slice(HEADER_BYTES, HEADER_BYTES + 2 * count)),
    sentenceEnds: (flags & 1) !== 0, turnEnds: (flags & 2) !== 0,
  };
}

/** @param {number} kind @param {DataView} view @returns {SpeechFace | IdleFace} */
function face(kind, view) {
  const floats = Array.from({ length: 7 }, (_, k) => view.getFloat32(32 + 4 * k, true));
  const head = safePose(floats.slice(0, 4), floats.slice(4));
  const weights = Float32Array.from({ length: WEIGHTS }, (_, k) => view.getUint16(60 + 2 * k, true) / 65535);
  if (kind === IDLE_FACE) return { kind: 'idle', seq: 0, atS: view.getFloat64(24, true), face: { weights, head } };
  return {
    kind: 'face', seq: view.getUint32(4, true), turn: view.getUint32(8, true), sample: view.getUint32(12, true),
    rateHz: view.getUint32(16, true), last: (view.getUint8(1) & 1) !== 0, face: { weights, head },
  };
}

/** @param {Int16Array} pcm @param {number} first @param {number} atS the server's time; NaN: not known */
export function encodeMic(pcm, first, atS) {
  const buffer = micFrame(MIC, 2 * pcm.length, 0, pcm.length, first, atS);
  new Int16Array(buffer, HEADER_BYTES).set(pcm);
  return buffer;
}

/** @param {Uint8Array} packet @param {number} count samples in it @param {number} skip by how much it sounds later, at 48 kHz
 * @param {number} first @param {number} atS as above */
export function encodeMicOpus(packet, count, skip, first, atS) {
  const buffer = micFrame(MIC_OPUS, packet.length, skip, count, first, atS);
  new Uint8Array(buffer, HEADER_BYTES).set(packet);
  return buffer;
}

/** @param {number} kind @param {number} bytes @param {number} skip @param {number} count @param {number} first @param {number} atS */
function micFrame(kind, bytes, skip, count, first, atS) {
  const buffer = new ArrayBuffer(HEADER_BYTES + bytes);
  const view = new DataView(buffer);
  view.setUint8(0, kind);
  view.setUint16(2, skip, true);
  view.setUint32(4, 16000, true);
  view.setUint32(8, first, true);
  view.setUint32(12, count, true);
  view.setFloat64(16, atS, true);
  return buffer;
}
