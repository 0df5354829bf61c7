// The page that other pages frame: <iframe src="https://HOST/embed?background=transparent" allow="microphone; autoplay">.
//
// It takes {avatar: 'say', text} | {avatar: 'interrupt'} | {avatar: 'mute', muted} | {avatar: 'end'} by postMessage from the page that frames it,
// and gives {avatar: KIND, detail} of <avatar-head>'s events. Words are told to that page's origin alone.

import { element } from './elements.js';
import { Notice } from './notice.js';
import { login, tokenIn, tokenOfAddress } from './server.js';
import { setBackground } from './background.js';
import { WORDS, byeWords, micWords, queueWords, refusedWords, tokenWords } from './words.js';

const TOLD = ['ready', 'state', 'captions', 'line', 'queue', 'session', 'resumed', 'lost', 'refused', 'bye', 'error', 'mic', 'failed'];

/** Who frames this page; '' where nobody does or the browser does not tell. */
function framer() {
  if (window.parent === window) return '';
  const { ancestorOrigins } = location;
  if (ancestorOrigins?.length) return ancestorOrigins[0];
  return document.referrer ? new URL(document.referrer).origin : '';
}

const origin = framer();
const head = /** @type {import('./avatar_head.js').AvatarHead} */ (element('head'));
const notice = new Notice();
const address = new URLSearchParams(location.search);

/** @param {string} kind @param {any} detail plain data of it only */
function tell(kind, detail) {
  if (origin && origin !== 'null') window.parent.postMessage({ avatar: kind, detail: JSON.parse(JSON.stringify(detail ?? {})) }, origin);
}

/** @param {boolean} mic */
async function begin(mic) {
  document.body.dataset.phase = 'talking';
  notice.hide();
  await head.begin({ mic });
}

/** @param {import('./words.js').Words} words */
async function over(words) {
  await head.end();
  document.body.dataset.phase = 'ready';
  notice.show('end', words, () => begin(true));
}

let tokenStatus = 0; // see `login`

/** Log in, then load the face: it is for those alone who are in. @param {string} token */
async function enter(token) {
  try {
    tokenStatus = token ? await login(token) : 0;
  } catch (error) {
    console.error(error);
    return notice.show('server', WORDS.UNREACHABLE, () => enter(token));
  }
  if (customElements.get('avatar-head')) head.setAttribute('avatar', head.getAttribute('avatar') ?? '');
  else await import('./avatar_head.js');
}

function askForToken() {
  notice.show('token', tokenWords(tokenStatus), (pasted) => enter(tokenIn(pasted)), true);
}

/** @param {any} error of the face */
function failed(error) {
  if (error?.status === 401 || error?.status === 429) askForToken();
  else notice.show('avatar', WORDS.NO_AVATAR, () => location.reload());
}

/** @param {number} code of a socket that was closed */
async function refused(code) {
  await over(refusedWords(code));
  if (code === 4401) askForToken();
}

/** @type {Record<string, (detail: any) => void>} */
const SHOWN = {
  ready: () => (document.body.dataset.phase = head.conversation ? 'talking' : 'ready'),
  queue: (queue) => notice.show('queue', queueWords(queue)),
  session: () => notice.hide(),
  resumed: () => notice.hide(),
  lost: () => notice.show('server', WORDS.LOST),
  refused: ({ code }) => refused(code),
  bye: ({ reason, text }) => reason !== 'restart' && over(byeWords(reason, text)),
  mic: ({ problem }) => problem && notice.show('mic', micWords(problem), () => head.conversation?.listen()),
  failed,
};

for (const kind of TOLD) {
  head.addEventListener(kind, (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    SHOWN[kind]?.(detail);
    tell(kind, kind === 'session' || kind === 'resumed' ? { locale: detail.locale, avatar: detail.avatar?.id } : detail); // the key is ours
  });
}

/** @type {Record<string, (message: any) => void>} */
const ORDERS = {
  say: ({ text }) => typeof text === 'string' && head.say(text),
  interrupt: () => head.interrupt(),
  mute: ({ muted }) => head.mute(muted === true),
  end: () => {
    head.end();
    document.body.dataset.phase = 'ready';
  },
};

window.addEventListener('message', ({ source, origin: from, data }) => {
  if (source !== window.parent || from !== origin || typeof data?.avatar !== 'string') return;
  if (Object.hasOwn(ORDERS, data.avatar)) ORDERS[data.avatar](data);
});

window.addEventListener('pagehide', () => ORDERS.end({}));
element('begin').addEventListener('click', () => begin(true));
element('begin-typing').addEventListener('click', () => begin(false));
for (const name of ['avatar', 'voice', 'locale', 'renderer']) {
  const wish = address.get(name);
  if (wish) head.setAttribute(name, wish);
}
setBackground(address.get('background') ?? 'plain');
enter(tokenOfAddress());
