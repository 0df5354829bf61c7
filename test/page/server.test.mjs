import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerError, login, tokenIn } from '../../avatar_ros/gateway/page/server.js';

/** What the server answers. @param {number} status 0: it is not there */
function answers(status) {
  globalThis.fetch = async () => {
    if (!status) throw new TypeError('Failed to fetch');
    return new Response(null, { status });
  };
}

test('a log-in that is refused tells why, one that reaches nobody is an error', async () => {
  for (const [status, said] of [[204, 0], [401, 401], [429, 429]]) {
    answers(status);
    assert.equal(await login('token'), said);
  }
  for (const status of [0, 503]) {
    answers(status);
    await assert.rejects(login('token'), (error) => error instanceof ServerError && error.status === status);
  }
});

test('a token is pasted alone or in its address', () => {
  assert.equal(tokenIn('abc'), 'abc');
  assert.equal(tokenIn('https://avatar.example:8443/#token=a%2Bb+c'), 'a+b+c');
  assert.equal(tokenIn('https://avatar.example:8443/embed?theme=dark#token=abc'), 'abc');
});
