// Where the camera stands, and what it sees through: as avatar/framing.py and render/base.py.

import { product } from './pose.js';

/** @typedef {import('./avatar_file.js').Avatar} Avatar */
/** @typedef {{view: Float64Array, width: number, height: number, focal: number, blur: number}} Camera view: world to camera (x right, y down, z forward), rows; focal in px; blur: variance in px² */

export const SMOKE_COVER = 0.3; // thins the smoke around LAM's heads, as the kiosk does
const BLUR_PX2 = 0.3;
const BLUR_REFERENCE_PX = 512;

/** A camera that shows head and shoulders. @param {Avatar} avatar @param {number} width @param {number} height px @returns {Camera} */
export function portraitCamera(avatar, width, height) {
  const { bottom_m, top_m, width_m, x_m, front_m, distance_m } = avatar.extent;
  const top = Math.max(top_m, bottom_m + (width_m * height) / width);
  const middle = (bottom_m + top) / 2;
  const view = Float64Array.of(1, 0, 0, -x_m, 0, -1, 0, middle, 0, 0, -1, front_m + distance_m, 0, 0, 0, 1);
  const focal = (height * distance_m) / (top - bottom_m);
  return { view, width, height, focal, blur: BLUR_PX2 * Math.max(1, (Math.min(width, height) / BLUR_REFERENCE_PX) ** 2) };
}

/** Avatar to camera for what follows the head wholly. @param {Camera} camera @param {ArrayLike<number>} head avatar to world */
export function modelView(camera, head) {
  return product(camera.view, head);
}

/** The narrowest picture (width / height) that shows the head and no empty room above it. @param {Avatar} avatar */
export function tightAspect(avatar) {
  const { bottom_m, top_m, width_m } = avatar.extent;
  return width_m / (top_m - bottom_m);
}
