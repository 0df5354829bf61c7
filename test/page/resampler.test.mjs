// node --test test/page/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Interpolator, StreamResampler } from '../../avatar_ros/gateway/page/resampler.js';

const tone = (hz, rate, count) => Float32Array.from({ length: count }, (_, k) => Math.sin((2 * Math.PI * hz * k) / rate));
const rms = (values) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

for (const [from, to] of [[24000, 48000], [24000, 44100], [24000, 16000], [22050, 48000]]) {
  for (const hz of [200, 1000, 6000]) {
    test(`a tone of ${hz} Hz from ${from} to ${to} Hz is the same tone`, () => {
      const input = tone(hz, from, from / 2);
      const interpolator = new Interpolator(from, to);
      const wrong = [];
      for (let k = 0.1 * to; k < 0.3 * to; ++k) wrong.push(interpolator.at(input, k * interpolator.step) - Math.sin((2 * Math.PI * hz * k) / to));
      assert.ok(20 * Math.log10(rms(wrong) / Math.SQRT1_2) < -60, `${rms(wrong)}`);
    });
  }
}

for (const from of [48000, 44100]) {
  test(`what 16 kHz cannot hold is gone: 9.5 kHz from ${from} Hz`, () => {
    const out = new StreamResampler(from, 16000).push(tone(9500, from, from));
    assert.ok(20 * Math.log10(rms(out.slice(2000, 12000)) / Math.SQRT1_2) < -60);
  });
}

for (const piece of [128, 1, 1000]) {
  test(`a stream in pieces of ${piece} is the stream in one piece`, () => {
    const input = Float32Array.from({ length: 6000 }, (_, k) => Math.sin(k * k * 1e-4));
    const whole = new StreamResampler(44100, 16000).push(input);
    const stream = new StreamResampler(44100, 16000);
    const parts = [];
    for (let at = 0; at < input.length; at += piece) parts.push(...stream.push(input.subarray(at, at + piece)));
    assert.equal(parts.length, whole.length);
    parts.forEach((x, k) => assert.ok(Math.abs(x - whole[k]) < 1e-6));
  });
}

test('the same rate changes nothing', () => {
  const input = tone(3000, 16000, 500);
  const out = new StreamResampler(16000, 16000).push(input);
  out.forEach((x, k) => assert.equal(x, input[k]));
  assert.ok(out.length > 450);
});

test('beyond its ends a sound is silence', () => {
  const interpolator = new Interpolator(24000, 48000);
  assert.equal(interpolator.at(new Float32Array(0), 3), 0);
  assert.equal(interpolator.at(tone(100, 24000, 50), 500), 0);
});
