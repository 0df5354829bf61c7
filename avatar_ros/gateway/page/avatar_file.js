// Reads an avatar as gateway/avatar_binary.py writes it; that file describes the layout.

/**
 * @typedef {{bottom_m: number, top_m: number, width_m: number, x_m: number, front_m: number, distance_m: number}} Extent
 * @typedef {{name: string, hz: number, keys: Float64Array}} Clip keys: matrices [K, 16]
 * @typedef {object} Avatar
 * @property {string} name
 * @property {number} splats N
 * @property {number} morphs M
 * @property {Float32Array} positions [N, 3] metres
 * @property {Float32Array} scales [N, 3] metres
 * @property {Float32Array} rotations [N, 4] wxyz
 * @property {Float32Array} colors [N, 3] 0-1
 * @property {Float32Array} opacities [N] 0-1
 * @property {Float32Array} share [N] 0-1
 * @property {Uint32Array} offsets [M + 1]
 * @property {Uint32Array} indices [E]
 * @property {Float32Array} deltas [E, 3] metres
 * @property {number[]} columns [M] of the 52 weights, -1: none
 * @property {number[]} pivot metres
 * @property {Extent} extent
 * @property {Clip[]} clips
 */

const TYPES = { uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array, uint32: Uint32Array, float32: Float32Array };

/** @param {ArrayBuffer} buffer @returns {Avatar} */
export function readAvatar(buffer) {
  const { header, sections } = parts(buffer);
  const n = header.splats;
  const indices = readIndices(sections.steps, sections.offsets);
  return {
    name: header.name,
    splats: n,
    morphs: header.morphs.length,
    positions: readPositions(sections.positions, header.box),
    scales: Float32Array.from(sections.scales, (x) => Math.exp((x / 255) * (header.log_scales[1] - header.log_scales[0]) + header.log_scales[0])),
    rotations: readRotations(sections.rotations),
    colors: Float32Array.from(sections.colors, (x) => x / 255),
    opacities: Float32Array.from(sections.opacities, (x) => x / 255),
    share: sections.share ? Float32Array.from(sections.share, (x) => x / 255) : new Float32Array(n).fill(1),
    offsets: sections.offsets,
    indices,
    deltas: readDeltas(sections.deltas, sections.offsets, header.delta_scales),
    columns: header.columns,
    pivot: header.pivot,
    extent: header.extent,
    clips: readClips(sections.clips, header.clips, header.pivot),
  };
}

/** @param {ArrayBuffer} buffer @returns {{header: any, sections: any}} */
function parts(buffer) {
  const view = new DataView(buffer);
  if (buffer.byteLength < 8 || view.getUint32(0) !== 0x41564831) throw new Error('this is no avatar file');
  const body = 8 + view.getUint32(4, true);
  if (body > buffer.byteLength) throw new Error('the avatar file is cut off');
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, body - 8)));
  /** @type {Record<string, any>} */
  const sections = {};
  for (const [name, type, at, size] of header.sections) {
    if (body + at + size > buffer.byteLength) throw new Error('the avatar file is cut off');
    const Kind = TYPES[/** @type {keyof typeof TYPES} */ (type)];
    sections[name] = new Kind(buffer, body + at, size / Kind.BYTES_PER_ELEMENT);
  }
  return { header, sections };
}

/** @param {Uint16Array | Float32Array} raw @param {number[][]} box */
function readPositions(raw, box) {
  if (raw instanceof Float32Array) return raw;
  const out = new Float32Array(raw.length);
  for (let k = 0; k < 3; ++k) {
    const step = (box[1][k] - box[0][k]) / 65535;
    for (let i = k; i < raw.length; i += 3) out[i] = raw[i] * step + box[0][k];
  }
  return out;
}

/** @param {Int8Array} raw */
function readRotations(raw) {
  const out = new Float32Array(raw.length);
  for (let i = 0; i < raw.length; i += 4) {
    const scale = 1 / Math.sqrt(raw[i] ** 2 + raw[i + 1] ** 2 + raw[i + 2] ** 2 + raw[i + 3] ** 2);
    for (let k = i; k < i + 4; ++k) out[k] = raw[k] * scale;
  }
  return out;
}

/** @param {Uint16Array | Uint32Array} steps @param {Uint32Array} offsets */
function readIndices(steps, offsets) {
  const out = new Uint32Array(steps.length);
  for (let m = 0; m + 1 < offsets.length; ++m) {
    for (let e = offsets[m], at = 0; e < offsets[m + 1]; ++e) out[e] = at += steps[e];
  }
  return out;
}

/** @param {Int8Array} raw @param {Uint32Array} offsets @param {number[]} scales */
function readDeltas(raw, offsets, scales) {
  const out = new Float32Array(raw.length);
  scales.forEach((scale, m) => {
    for (let k = 3 * offsets[m]; k < 3 * offsets[m + 1]; ++k) out[k] = (raw[k] * scale) / 127;
  });
  return out;
}

/** @param {Int16Array} raw @param {{name: string, keys: number, hz: number, reach_m: number}[]} about @param {number[]} pivot @returns {Clip[]} */
function readClips(raw, about, pivot) {
  let at = 0;
  return about.map(({ name, keys, hz, reach_m }) => {
    const out = new Float64Array(16 * keys);
    for (let k = 0; k < keys; ++k, at += 7) out.set(clipKey(raw.subarray(at, at + 7), reach_m, pivot), 16 * k);
    return { name, hz, keys: out };
  });
}

/** @param {Int16Array} row @param {number} reach @param {number[]} pivot */
function clipKey(row, reach, pivot) {
  const length = Math.hypot(row[0], row[1], row[2], row[3]);
  const [w, x, y, z] = Array.from(row.subarray(0, 4), (q) => q / length);
  const rotation = [
    1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
    2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
    2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
  ];
  const out = new Float64Array(16);
  out[15] = 1;
  for (let i = 0; i < 3; ++i) {
    const turned = rotation[3 * i] * pivot[0] + rotation[3 * i + 1] * pivot[1] + rotation[3 * i + 2] * pivot[2];
    for (let j = 0; j < 3; ++j) out[4 * i + j] = rotation[3 * i + j];
    out[4 * i + 3] = pivot[i] + (row[4 + i] / 32767) * reach - turned;
  }
  return out;
}

/** The 52 weights as those of the avatar's own morphs, 0-1. @param {Avatar} avatar @param {ArrayLike<number>} weights */
export function morphWeights(avatar, weights) {
  return Float32Array.from(avatar.columns, (column) => (column < 0 ? 0 : Math.min(1, Math.max(0, weights[column] || 0))));
}
