// The pose of a head and the weights of a face: made safe, turned and mixed. The same as render/pose.py.
// Quaternions are wxyz of unit length; matrices are Float64Array [16], row by row, for column vectors.

/** @typedef {{rotation: number[], translation: number[]}} HeadPose unit quaternion wxyz, metres; relative to rest */
/** @typedef {{weights: Float32Array, head: HeadPose}} FacePose weights [52], 0-1 */

export const WEIGHTS = 52;
/** @type {HeadPose} */
export const REST_POSE = Object.freeze({ rotation: [1, 0, 0, 0], translation: [0, 0, 0] });
/** @type {FacePose} */
export const REST_FACE = Object.freeze({ weights: new Float32Array(WEIGHTS), head: REST_POSE });
export const IDENTITY = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1);

/** Rotate by b, then by a. @param {number[]} a @param {number[]} b */
export function quaternionProduct(a, b) {
  return [
    a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
    a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
    a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
    a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
  ];
}

/** Normalised linear mix from a (t = 0) to b (t = 1), the short way round. @param {number[]} a @param {number[]} b @param {number} t */
export function mixQuaternions(a, b, t) {
  const sign = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3] < 0 ? -t : t;
  const mixed = a.map((x, k) => x * (1 - t) + b[k] * sign);
  const length = Math.hypot(...mixed);
  return length > 1e-9 ? mixed.map((x) => x / length) : [...REST_POSE.rotation];
}

/** @param {HeadPose} a @param {HeadPose} b @param {number} t @returns {HeadPose} */
export function mixPoses(a, b, t) {
  return {
    rotation: mixQuaternions(a.rotation, b.rotation, t),
    translation: a.translation.map((x, k) => x * (1 - t) + b.translation[k] * t),
  };
}

/** @param {FacePose} a @param {FacePose} b @param {number} t @returns {FacePose} */
export function mixFaces(a, b, t) {
  return { weights: a.weights.map((x, k) => x * (1 - t) + b.weights[k] * t), head: mixPoses(a.head, b.head, t) };
}

/** 0 before 0, 1 after 1, smooth in between (3t² - 2t³). @param {number} t */
export function smoothstep(t) {
  const x = Math.min(Math.max(t, 0), 1);
  return x * x * (3 - 2 * x);
}

/** Rest where the numbers are no pose. @param {ArrayLike<number>} rotation @param {ArrayLike<number>} translation @returns {HeadPose} */
export function safePose(rotation, translation) {
  const turn = Array.from(rotation);
  const move = Array.from(translation);
  const length = Math.hypot(...turn);
  if (!(Number.isFinite(length) && length > 1e-6 && move.every(Number.isFinite))) return REST_POSE;
  return { rotation: turn.map((x) => x / length), translation: move };
}

/** A pose as a matrix: rotate about `pivot` (metres, avatar space), then move. @param {HeadPose} pose @param {number[]} pivot */
export function poseMatrix(pose, pivot) {
  const [w, x, y, z] = pose.rotation;
  const m = Float64Array.of(
    1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y), 0,
    2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x), 0,
    2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y), 0,
    0, 0, 0, 1,
  );
  for (let k = 0; k < 3; ++k) {
    const turned = m[4 * k] * pivot[0] + m[4 * k + 1] * pivot[1] + m[4 * k + 2] * pivot[2];
    m[4 * k + 3] = pivot[k] - turned + pose.translation[k];
  }
  return m;
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
export function product(a, b) {
  const out = new Float64Array(16);
  for (let i = 0; i < 4; ++i) {
    for (let j = 0; j < 4; ++j) {
      for (let k = 0; k < 4; ++k) out[4 * i + j] += a[4 * i + k] * b[4 * k + j];
    }
  }
  return out;
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} t */
export function mixMatrices(a, b, t) {
  return Float64Array.from({ length: 16 }, (_, k) => a[k] * (1 - t) + b[k] * t);
}

/** The nearest rotation in place of the upper 3x3 (Higham's iteration): a mix of two rotations shrinks. @param {Float64Array} matrix */
export function rigid(matrix) {
  const out = Float64Array.from(matrix);
  const at = [0, 1, 2, 4, 5, 6, 8, 9, 10];
  for (let round = 0; round < 12; ++round) {
    const m = at.map((k) => out[k]);
    const cofactors = [
      m[4] * m[8] - m[5] * m[7], m[5] * m[6] - m[3] * m[8], m[3] * m[7] - m[4] * m[6],
      m[2] * m[7] - m[1] * m[8], m[0] * m[8] - m[2] * m[6], m[1] * m[6] - m[0] * m[7],
      m[1] * m[5] - m[2] * m[4], m[2] * m[3] - m[0] * m[5], m[0] * m[4] - m[1] * m[3],
    ];
    const det = m[0] * cofactors[0] + m[1] * cofactors[1] + m[2] * cofactors[2];
    if (!(Math.abs(det) > 1e-12)) return matrix;
    let change = 0;
    at.forEach((k, n) => {
      const next = 0.5 * (m[n] + cofactors[n] / det);
      change = Math.max(change, Math.abs(next - m[n]));
      out[k] = next;
    });
    if (change < 1e-12) break;
  }
  return out;
}
