import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sorter } from '../../avatar_ros/gateway/page/gl_scene.js';

test('splats come from the farthest to the nearest, with the head and without', () => {
  const count = 500;
  const centres = Float32Array.from({ length: 4 * count }, (_, k) => Math.sin(k * k) * (k % 4 === 3 ? 0 : 1));
  for (let i = 0; i < count; i += 2) centres[4 * i + 3] = 1;
  const body = [0.1, 0.2, -1, 2];
  const turn = [0.3, 0, 0.1, 0.02];
  const order = [...new Sorter(count).sort(centres, body, turn)];
  assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: count }, (_, k) => k));
  const depth = (i) => [0, 1, 2, 3].reduce((sum, k) => sum + (body[k] + centres[4 * i + 3] * turn[k]) * (k < 3 ? centres[4 * i + k] : 1), 0);
  for (let k = 1; k < count; ++k) assert.ok(depth(order[k]) <= depth(order[k - 1]) + 1e-4);
});
