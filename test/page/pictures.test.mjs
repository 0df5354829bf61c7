import assert from 'node:assert/strict';
import test from 'node:test';
import { PictureCosts, PictureQueue } from '../../avatar_ros/gateway/page/picture_queue.js';

const picture = (atS) => ({ pixels: new ArrayBuffer(4), width: 1, height: 1, tag: { atS }, ms: 1 });
const times = (pictures) => pictures.map(({ tag }) => tag.atS);

test('an early picture is held until it is due', () => {
  const queue = new PictureQueue();
  queue.add(picture(1.0));
  assert.equal(queue.take(0.99).due, null);
  assert.deepEqual(queue.take(1.0).due?.tag, { atS: 1.0 });
  assert.equal(queue.take(2.0).due, null);
});

test('the latest that is due overtakes those before it', () => {
  const queue = new PictureQueue();
  [1.0, 1.1, 1.2].forEach((atS) => queue.add(picture(atS)));
  const { due, overtaken } = queue.take(1.15);
  assert.equal(due?.tag.atS, 1.1);
  assert.deepEqual(times(overtaken), [1.0]);
  assert.deepEqual(times(queue.pictures), [1.2]);
});

test('without a time whatever is there is due', () => {
  const queue = new PictureQueue();
  [1.0, 1.1].forEach((atS) => queue.add(picture(atS)));
  assert.equal(queue.take(Infinity).due?.tag.atS, 1.1);
});

test('a late picture is shown: what is on the screen is older still', () => {
  const queue = new PictureQueue();
  queue.add(picture(1.0));
  assert.equal(queue.take(1.5).due?.tag.atS, 1.0);
});

test('two threads may finish in any order, and nothing older is shown after what was shown', () => {
  const queue = new PictureQueue();
  [1.1, 1.0, 1.2].forEach((atS) => queue.add(picture(atS)));
  assert.deepEqual(times(queue.pictures), [1.0, 1.1, 1.2]);
  assert.equal(queue.take(1.1).due?.tag.atS, 1.1);
  queue.add(picture(1.05));
  const late = queue.take(1.1);
  assert.equal(late.due, null);
  assert.deepEqual(times(late.overtaken), [1.05], 'its buffer comes back');
});

test('a picture is given the time that nearly all of the last ones needed', () => {
  const costs = new PictureCosts();
  assert.equal(costs.sure(), 0);
  for (let k = 0; k < 48; ++k) costs.add(k % 12 === 9 ? 80 : 20);
  assert.equal(costs.sure(), 80);
  assert.equal(costs.usual(), 20);
  for (let k = 0; k < 47; ++k) costs.add(20);
  assert.equal(costs.sure(), 20);
  for (let k = 0; k < 48; ++k) costs.add(5000);
  assert.ok(costs.sure() <= 400, 'a thread that stood still is no measure');
});

test('while it speaks a server may work beside it: those pictures are judged by themselves', () => {
  const costs = new PictureCosts();
  for (let k = 0; k < 48; ++k) costs.add(20);
  assert.equal(costs.sure(true), 20, 'until there are some');
  for (let k = 0; k < 10; ++k) costs.add(70, true);
  assert.equal(costs.sure(true), 70);
  assert.equal(costs.sure(), 20);
});
