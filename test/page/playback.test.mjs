import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Playback } from '../../avatar_ros/gateway/page/playback.js';

const RATE = 24000;
const BLOCK = 128;
const ramp = (first, count) => Int16Array.from({ length: count }, (_, k) => Math.round(8000 * Math.sin((first + k) / 9)));

/** Plays blocks, keeps all sound and events. */
class Desk {
  constructor(outputHz = 48000) {
    this.hz = outputHz;
    this.playback = new Playback(outputHz);
    this.frame = 0;
    this.sound = [];
    this.events = [];
  }

  give(turn, first, count, last = false, rests = last) {
    this.playback.offer(turn, RATE, first, ramp(first, count), last, rests);
  }

  run(seconds) {
    const block = new Float32Array(BLOCK);
    for (const end = this.frame + seconds * this.hz; this.frame < end; this.frame += BLOCK) {
      this.playback.render(block, this.frame);
      this.sound.push(...block);
      this.events.push(...this.playback.events.splice(0));
    }
  }

  changes() {
    return this.events.filter((event, k) => k === 0 || event.state !== this.events[k - 1].state || event.turn !== this.events[k - 1].turn);
  }

  states() {
    return this.changes().map(({ turn, state }) => `${turn} ${state}`);
  }

  /** What the events say is heard at a frame is what sounds there. */
  check() {
    const played = this.events.filter((event) => event.state === 'playing' && event.gain === 1);
    assert.ok(played.length > 3);
    for (const { frame, sample } of played) {
      for (const k of [0, 40]) {
        const expected = (8000 / 32768) * Math.sin((sample + (k * RATE) / this.hz) / 9);
        assert.ok(Math.abs(this.sound[frame + k] - expected) < 2e-3, `frame ${frame + k}`);
      }
    }
  }
}

for (const hz of [48000, 44100, 24000, 16000]) {
  test(`a turn is played from its first to its last sample at ${hz} Hz`, () => {
    const desk = new Desk(hz);
    desk.playback.lips(1);
    desk.give(1, 0, 12000);
    desk.give(1, 12000, 12000, true);
    desk.run(1.5);
    assert.deepEqual(desk.states(), ['1 playing', '1 ended']);
    const [begun, ended] = desk.changes();
    assert.equal(begun.sample, 0);
    assert.ok(Math.abs(ended.sample - 24000) < 2 * (RATE / hz));
    assert.ok(Math.abs((ended.frame - begun.frame) / hz - 1) < 0.001);
    if (hz >= 24000) desk.check();
  });
}

test('the first sound waits for enough, and for its lips, but not for ever', () => {
  const desk = new Desk();
  desk.give(1, 0, 1200);
  desk.run(0.5);
  assert.deepEqual(desk.events, []);
  desk.give(1, 1200, 12000);
  desk.run(0.25);
  assert.deepEqual(desk.events, []);
  desk.run(0.1);
  assert.deepEqual(desk.states(), ['1 playing']);
  const other = new Desk();
  other.playback.lips(1);
  other.give(1, 0, 12000);
  other.run(0.01);
  assert.deepEqual(other.states(), ['1 playing']);
});

test('sound that comes late is waited for, nothing of it is lost, and more is kept ready from then on', () => {
  const desk = new Desk();
  desk.playback.lips(1);
  desk.give(1, 0, 7200);
  desk.run(0.6);
  assert.deepEqual(desk.states(), ['1 playing', '1 starved']);
  const starved = desk.changes()[1];
  assert.ok(starved.sample < 7200 && starved.sample > 6000, `${starved.sample}`);
  assert.equal(starved.underruns, 1);
  desk.give(1, 7200, 3600); // with what is left less than the doubled store
  desk.run(0.1);
  assert.equal(desk.states().length, 2);
  desk.give(1, 10800, 13200, true);
  desk.run(1);
  assert.deepEqual(desk.states(), ['1 playing', '1 starved', '1 playing', '1 ended']);
  assert.equal(desk.changes()[2].sample, starved.sample);
  desk.check();
});

test('a pause between two sentences is no fault of the network', () => {
  const desk = new Desk();
  desk.playback.lips(1);
  desk.give(1, 0, 7200, false, true);
  desk.run(0.6);
  assert.equal(desk.changes()[1].state, 'starved');
  assert.equal(desk.changes()[1].underruns, 0);
});

test('held and gone on with at the same sample, without a click', () => {
  const desk = new Desk();
  desk.playback.lips(1);
  desk.give(1, 0, 24000, true);
  desk.run(0.3);
  desk.playback.order('pause', 1);
  desk.run(0.3);
  const paused = desk.changes()[1];
  assert.equal(paused.state, 'paused');
  assert.ok((paused.frame - 0.3 * 48000) / 48000 < 0.03);
  assert.ok(desk.sound.slice(paused.frame + BLOCK).every((x) => x === 0));
  desk.playback.order('resume', 1);
  desk.run(1);
  assert.deepEqual(desk.states(), ['1 playing', '1 paused', '1 playing', '1 ended']);
  assert.equal(desk.changes()[2].sample, paused.sample);
  const end = desk.changes()[3].frame - 20; // what was given ends in the middle of a wave
  for (let k = 1; k < end; ++k) assert.ok(Math.abs(desk.sound[k] - desk.sound[k - 1]) < 0.06);
});

test('cancelled: silent within 30 ms, what still comes is thrown away, the next turn is heard', () => {
  const desk = new Desk();
  desk.playback.lips(3);
  desk.give(1, 0, 24000);
  desk.give(2, 0, 12000, true);
  desk.run(0.3);
  desk.playback.order('cancel', 2);
  desk.give(1, 24000, 12000, true);
  desk.run(0.2);
  assert.ok(desk.sound.slice(0.335 * 48000).every((x) => x === 0));
  desk.give(3, 0, 12000, true);
  desk.run(0.7);
  assert.deepEqual(desk.states(), ['1 playing', '1 ended', '3 playing', '3 ended']);
});

test('cancelled while it is held', () => {
  const desk = new Desk();
  desk.playback.lips(2);
  desk.give(1, 0, 24000);
  desk.run(0.3);
  desk.playback.order('pause', 1);
  desk.run(0.2);
  desk.playback.order('cancel', 1);
  desk.give(2, 0, 12000, true);
  desk.run(0.7);
  assert.deepEqual(desk.states(), ['1 playing', '1 paused', '1 ended', '2 playing', '2 ended']);
});

test('ducked it is softer by 15 dB', () => {
  const desk = new Desk();
  desk.playback.lips(1);
  desk.give(1, 0, 24000, true);
  desk.run(0.3);
  desk.playback.order('duck', 1);
  desk.run(0.2);
  assert.ok(Math.abs(20 * Math.log10(desk.playback.gain) + 15) < 0.1);
  desk.playback.order('resume', 1);
  desk.run(0.1);
  assert.equal(desk.playback.gain, 1);
});

test('turns one after another; a gap is silence of its length; a turn of flags alone ends', () => {
  const desk = new Desk();
  desk.playback.lips(3);
  desk.give(1, 0, 4800);
  desk.give(1, 7200, 4800, true);
  desk.give(2, 0, 0, true);
  desk.give(3, 0, 4800, true);
  desk.run(1);
  assert.equal(desk.changes().filter(({ state }) => state === 'ended').length, 3);
  assert.ok(Math.abs(desk.events.find(({ turn, state }) => turn === 1 && state === 'ended').sample - 12000) < 1);
});

test('a piece that comes twice is heard once', () => {
  const desk = new Desk();
  desk.playback.lips(1);
  desk.give(1, 0, 6000);
  desk.give(1, 0, 6000);
  desk.give(1, 3000, 6000, true);
  desk.run(0.6);
  const { sample } = desk.changes()[1];
  assert.ok(Math.abs(sample - 9000) < 1);
  desk.check();
});

test('no more than two minutes are kept', () => {
  const desk = new Desk();
  desk.give(1, 2 ** 31, 100);
  desk.give(1, 0, 24000 * 130);
  assert.ok(desk.playback.turns[0].count <= 24000 * 120);
});
