import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerClock } from '../../avatar_ros/gateway/page/server_clock.js';
import { SoundClock } from '../../avatar_ros/gateway/page/sound_clock.js';

const event = (frame, sample, state, turn = 1) => ({ frame, sample, state, turn, rateHz: 24000, gain: 1, underruns: 0, buffered_s: 0 });

test('what is heard when: by the card, not by what was handed to it', () => {
  const context = { sampleRate: 48000, currentTime: 5.3, getOutputTimestamp: () => ({ contextTime: 5, performanceTime: 105000 }) };
  const clock = new SoundClock(context);
  clock.read(105.02);
  clock.add(event(5 * 48000, 0, 'playing'));
  clock.add(event(6 * 48000, 24000, 'paused'));
  clock.add(event(8 * 48000, 24000, 'playing'));
  assert.equal(clock.heard(104.9), null);
  assert.deepEqual(clock.heard(105.5), { turn: 1, sample: 12000, rateHz: 24000, state: 'playing' });
  assert.equal(clock.heard(107).sample, 24000);
  assert.equal(clock.heard(107).state, 'paused');
  assert.equal(clock.heard(108.5).sample, 36000);
  assert.equal(clock.heardAtS(6 * 48000), 106);
});

test('a browser that does not tell: by the latency it claims', () => {
  const clock = new SoundClock({ sampleRate: 48000, currentTime: 2, outputLatency: 0.1 });
  clock.read(50);
  clock.add(event(0, 0, 'playing'));
  assert.ok(Math.abs(clock.heard(50).sample - 1.9 * 24000) < 1e-6);
});

test('jitter is smoothed, a jump is followed', () => {
  let page = 0;
  const clock = new SoundClock({ sampleRate: 48000, currentTime: 0, getOutputTimestamp: () => ({ contextTime: 1, performanceTime: page }) });
  page = 1000;
  clock.read(1);
  page = 1010;
  clock.read(1);
  assert.ok(Math.abs(clock.heardAtS(48000) - 1.0005) < 1e-9);
  page = 4000;
  clock.read(4);
  assert.equal(clock.heardAtS(48000), 4);
});

test('of the round trips the shortest is believed', () => {
  const clock = new ServerClock();
  assert.equal(clock.known, false);
  clock.add(10, 10.2, 500);
  clock.add(11, 11.01, 501.3);
  clock.add(12, 12.5, 503);
  assert.ok(Math.abs(clock.toServer(11) - 501.295) < 1e-9);
  assert.ok(Math.abs(clock.toPage(501.295) - 11) < 1e-9);
  for (let k = 0; k < 8; ++k) clock.add(20 + k, 20.3 + k, 510.15 + k);
  assert.ok(Math.abs(clock.toServer(20) - 510) < 1e-6, 'an old one is forgotten');
  clock.add(5, 4, 3);
  clock.add(5, 6, NaN);
  assert.ok(Math.abs(clock.toServer(20) - 510) < 1e-6);
});
