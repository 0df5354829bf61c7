// What the server offers by HTTP.

export class ServerError extends Error {
  /** @param {number} status 0: not reached @param {string} text */
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** @typedef {{id: string, name: string, url: string, bytes: number, default: boolean}} AvatarEntry */
/** @typedef {{id: string, name: string, locale: string, default: boolean}} VoiceEntry */
/** @typedef {{id: string, name: string, default: boolean, heard: boolean}} LocaleEntry heard: understood when it is spoken */
/** @typedef {{voices: VoiceEntry[], locales: LocaleEntry[], complete: boolean}} Speech complete: all nodes have told */

/** @param {string} path @param {RequestInit} [options] */
async function ask(path, options) {
  const answer = await fetch(path, options).catch((error) => {
    throw new ServerError(0, String(error));
  });
  if (!answer.ok) throw new ServerError(answer.status, `${path}: ${answer.status} ${answer.statusText}`);
  return answer;
}

/** @returns {Promise<AvatarEntry[]>} */
export async function avatars() {
  return (await (await ask('/avatars')).json()).avatars;
}

/** @returns {Promise<Speech>} */
export async function voices() {
  return (await ask('/voices')).json();
}

/** Why the server does not let one in with it: the answer's status, 0 if it does. @param {string} token */
export async function login(token) {
  const options = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token }) };
  return ask('/login', options).then(() => 0, (/** @type {ServerError} */ error) => {
    if (error.status === 401 || error.status === 429) return error.status;
    throw error;
  });
}

/** What a person pasted: the token, or the whole address with it. @param {string} pasted */
export function tokenIn(pasted) {
  return /^https?:\/\/[^#]+#token=/.test(pasted) ? tokenOfHash(pasted.slice(pasted.indexOf('#'))) : pasted;
}

// A + stays one, if somebody wrote the address by hand.
/** @param {string} hash */
function tokenOfHash(hash) {
  return new URLSearchParams(hash.slice(1).replaceAll('+', '%2B')).get('token') ?? '';
}

/** The token that the address carried; it is taken out of it, so that it is not passed on by copying. */
export function tokenOfAddress() {
  const token = tokenOfHash(location.hash);
  if (token) history.replaceState(null, '', location.pathname + location.search);
  return token;
}

/** The socket's address. */
export function socketUrl() {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
}
