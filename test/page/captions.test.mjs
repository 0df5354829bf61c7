import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaptionBoard, SentencePlaces } from '../../avatar_ros/gateway/page/captions.js';
import { LipError } from '../../avatar_ros/gateway/page/lip_error.js';
import { isSoftware } from '../../avatar_ros/gateway/page/renderer_choice.js';
import { byeWords, micWords, queueWords, tokenWords } from '../../avatar_ros/gateway/page/words.js';

test('the sentence that is heard is written, and lingers', () => {
  const board = new CaptionBoard();
  board.transcript({ text: 'when does the boat leave' });
  board.sentence({ turn: 1, index: 0, text: 'At noon.' });
  board.sentence({ turn: 1, index: 1, text: 'Be early.' });
  assert.deepEqual(board.at(0), { heard: 'when does the boat leave', said: '' });
  board.playback(1, 0, 'playing', 1);
  assert.equal(board.at(1).said, 'At noon.');
  board.playback(1, 1, 'playing', 2);
  assert.equal(board.at(2).said, 'Be early.');
  board.playback(1, 1, 'ended', 3);
  assert.equal(board.at(5.9).said, 'Be early.');
  assert.deepEqual(board.at(6), { heard: '', said: '' });
});

test('a turn that was never heard ends nothing; new words of the person clear the answer', () => {
  const board = new CaptionBoard();
  board.sentence({ turn: 1, index: 0, text: 'One.' });
  board.playback(1, 0, 'playing', 0);
  board.playback(2, 0, 'ended', 1);
  assert.equal(board.at(100).said, 'One.');
  board.setState('listening', 101);
  assert.equal(board.at(101).said, '');
});

test('where a sentence begins, by sample', () => {
  const places = new SentencePlaces();
  places.add({ turn: 1, sentence: 0, first: 0 });
  places.add({ turn: 1, sentence: 0, first: 4000 });
  places.add({ turn: 1, sentence: 1, first: 9000 });
  assert.equal(places.at(1, 8999), 0);
  assert.equal(places.at(1, 9000), 1);
  assert.equal(places.at(2, 9000), 0);
});

test('lips are judged while they are heard only', () => {
  const error = new LipError();
  const shown = (sample, turn = 1) => ({ pose: { sample, turn }, seenS: 0 });
  error.add(shown(-1), { turn: 1, sample: 0, rateHz: 24000, state: 'playing' });
  error.add(shown(5), null);
  error.add(shown(5), { turn: 1, sample: 0, rateHz: 24000, state: 'paused' });
  error.add(shown(5, 2), { turn: 1, sample: 0, rateHz: 24000, state: 'playing' });
  assert.ok(Number.isNaN(error.quantile(0.95)));
  error.add(shown(240), { turn: 1, sample: 480, rateHz: 24000, state: 'playing' });
  assert.equal(error.quantile(0.95), 10);
});

test('programs that play a card are known by their names', () => {
  for (const name of ['ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (LLVM 10.0.0)), SwiftShader driver)', 'llvmpipe (LLVM 15.0.6, 256 bits)', 'Microsoft Basic Render Driver', 'Apple Software Renderer']) {
    assert.ok(isSoftware(name), name);
  }
  for (const name of ['ANGLE (Intel, Mesa Intel(R) UHD Graphics 620 (KBL GT2), OpenGL 4.6)', 'Apple GPU', 'Adreno (TM) 640', 'Mali-G78', 'NVIDIA GeForce RTX 3060/PCIe/SSE2']) {
    assert.ok(!isSoftware(name), name);
  }
});

test('every fault has words that say what to do', () => {
  for (const problem of ['insecure', 'no_microphone', 'denied', 'in_use', 'unplugged', 'failed', 'something new']) {
    const { title, text } = micWords(problem);
    assert.ok(title && /type|https/i.test(text));
  }
  for (const reason of ['idle', 'longest', 'kicked', 'replaced', 'denied', 'something new']) assert.ok(byeWords(reason).action);
  assert.equal(byeWords('kicked', 'Closing time.').text, 'Closing time.');
  const tokens = [0, 401, 429].map(tokenWords);
  assert.ok(tokens.every(({ title, action }) => /token/.test(title) && action));
  assert.equal(new Set(tokens.map(({ text }) => text)).size, 3);
  assert.match(queueWords({ place: 1, length: 4 }).text, /next/);
  assert.match(queueWords({ place: 2, length: 4 }).text, /One person/);
  assert.match(queueWords({ place: 1, length: 1, starting: true }).text, /ready/);
  assert.match(queueWords({ place: 4, length: 4 }).text, /Place 4 of 4/);
});
