// Lips against the instant at which they are seen, and pictures a second, on a screen and threads of which only time is counted.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Painter } from '../../avatar_ros/gateway/page/painter.js';
import { WasmRenderer } from '../../avatar_ros/gateway/page/renderer_wasm.js';
import { VirtualPage, canvas, chance } from './virtual_page.mjs';

const AVATAR = { extent: { bottom_m: -0.2, top_m: 0.3, width_m: 0.4, x_m: 0, front_m: 0.1, distance_m: 1 } };
const SECONDS = 30;
const MUST_MS = 40;

/** @param {() => number} next */
const normal = (next) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
/** A time around `ms`, as times of a busy machine are. */
const around = (ms, spread, next) => ms * Math.exp(spread * normal(next));

/** What is seen of half a minute. @param {(s: number, next: () => number) => number} cost ms of a picture that begins then @param {number} [cores] */
async function seen(cost, cores) {
  const next = chance(7);
  const page = new VirtualPage({ cores, costMs: (s) => cost(s, next) });
  const painter = new Painter((atS) => ({ weights: [], head: [], sample: 1, turn: 1, lively: true, atS }));
  const shown = [];
  painter.onshown = (one) => shown.push(one);
  const making = WasmRenderer.make(canvas(), AVATAR, new ArrayBuffer(1), new ArrayBuffer(1));
  await page.run(0.1);
  painter.use(await making);
  await page.run(SECONDS);
  const lateMs = shown.map(({ atS, seenS }) => Math.abs(1000 * (seenS - atS))).sort((a, b) => a - b);
  const steps = shown.slice(1).map(({ seenS }, k) => seenS - shown[k].seenS);
  assert.ok(steps.every((step) => step > 0) && shown.every(({ pose, atS }) => pose.atS === atS));
  return { fps: shown.length / SECONDS, p95: lateMs[Math.floor(0.95 * lateMs.length)], threads: page.workers };
}

test('where a picture takes 26 ms a second thread makes it more than 35 a second', async () => {
  const { fps, p95, threads } = await seen((_, next) => around(26, 0.15, next));
  assert.equal(threads, 2);
  assert.ok(fps > 38 && fps < 46, `${fps}: more would take what a server on two cores needs`);
  assert.ok(p95 <= 17, String(p95));
});

test('one core has one thread, and a fast machine needs no second', async () => {
  assert.equal((await seen((_, next) => around(26, 0.15, next), 1)).threads, 1);
  const fast = await seen((_, next) => around(9, 0.1, next), 8);
  assert.equal(fast.threads, 1);
  assert.ok(fast.fps > 55, String(fast.fps));
});

test('many cores let two threads draw as often as the screen shows', async () => {
  const { fps } = await seen((_, next) => around(26, 0.1, next), 8);
  assert.ok(fps > 52, String(fps));
});

for (const [what, cost, cores] of [
  ['20 pictures a second', (_, next) => around(48, 0.3, next), 1],
  ['10 pictures a second', (_, next) => around(100, 0.3, next), 1],
  ['a machine that is busy every other second', (s, next) => around(Math.floor(s) % 2 ? 80 : 26, 0.2, next), 2],
  ['one picture in twenty that takes 180 ms', (_, next) => around(next() < 0.05 ? 180 : 30, 0.1, next), 2],
]) {
  test(`lips keep to the sound with ${what}`, async () => {
    const { fps, p95 } = await seen(cost, cores);
    assert.ok(p95 <= MUST_MS, `${p95} ms at ${fps} a second`);
  });
}
