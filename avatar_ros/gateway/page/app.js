// The page: a face, a conversation, and words for whatever goes wrong.

import { Controls } from './controls.js';
import { Conversation } from './conversation.js';
import { button, element, input } from './elements.js';
import { FiguresPanel } from './figures_panel.js';
import { HeadView } from './head_view.js';
import { Notice } from './notice.js';
import { avatars, login, socketUrl, tokenIn, tokenOfAddress, voices } from './server.js';
import { Settings } from './settings.js';
import { STATES, WORDS, byeWords, micWords, queueWords, refusedWords, tokenWords, unheardWords } from './words.js';

const FIGURES_MS = 500;
const MOST_LINES = 100;
const RELOADED = 'avatar.reloaded';

class App {
  constructor() {
    this.notice = new Notice();
    this.settings = new Settings();
    this.controls = new Controls();
    this.figures = new FiguresPanel();
    const wish = /** @type {any} */ (this.settings.address.get('renderer') ?? 'auto');
    const pixels = Number(this.settings.address.get('pixels')) || undefined;
    this.view = new HeadView(element('stage'), { renderer: wish, pixels });
    this.view.setState('idle');
    this.view.addEventListener('seen', () => this.#phase('ready'), { once: true });
    this.view.addEventListener('failed', () => this.notice.show('avatar', WORDS.NO_AVATAR, () => location.reload()));
    /** @type {Conversation | null} */
    this.conversation = null;
    /** @type {import('./server.js').AvatarEntry[]} */
    this.avatars = [];
    this.#connectControls();
    this.#connectSettings();
    setInterval(() => this.figures.show(this.conversation?.figures ?? { ...this.view.figures, underruns: 0 }), FIGURES_MS);
    window.addEventListener('hashchange', () => this.#newAddress());
    window.addEventListener('pagehide', () => this.conversation && this.#end()); // a place for who waits
    document.addEventListener('visibilitychange', () => !document.hidden && this.conversation?.player?.wake());
  }

  /** Log in where there is a token, see what is offered, show the face. @param {string} token that of the address, or a pasted one */
  async start(token) {
    let refused = 0;
    try {
      if (token) refused = await login(token); // who is in already stays in
      const [found, speech] = await Promise.all([avatars(), voices()]);
      this.avatars = found;
      this.settings.offer(found, speech);
      await this.#showAvatar(this.settings.wishes.avatar);
    } catch (error) {
      this.#failed(error, token, refused);
    }
  }

  /** An address with another token was opened in this tab: that loads no page. */
  #newAddress() {
    const token = tokenOfAddress();
    if (!token || this.avatars.length) return;
    this.notice.hide('token');
    this.start(token);
  }

  /** @param {string} id */
  async #showAvatar(id) {
    const entry = this.avatars.find((avatar) => avatar.id === id) ?? this.avatars[0];
    if (!entry) return this.#phase('ready');
    element('stage').setAttribute('aria-label', `The face of ${entry.name}`);
    await this.view.load(entry.url);
  }

  /** @param {any} error @param {string} [token] that was tried @param {number} [refused] see `login` */
  #failed(error, token = '', refused = 0) {
    console.error(error);
    if (error?.status === 401 || error?.status === 429) this.#askForToken(refused || (error.status === 429 ? 429 : 0));
    else if (error?.status === 0) {
      this.notice.show('server', WORDS.UNREACHABLE);
      setTimeout(() => this.start(token), 3000);
    } else {
      this.notice.show('avatar', typeof WebAssembly === 'object' && window.AudioWorklet ? WORDS.NO_AVATAR : WORDS.OLD_BROWSER, () => location.reload());
      this.#phase('ready');
    }
  }

  /** @param {number} refused what the server said to the one that was tried */
  #askForToken(refused) {
    this.notice.show('token', tokenWords(refused), (pasted) => this.start(tokenIn(pasted)), true);
  }

  /** @param {boolean} mic */
  async #begin(mic) {
    this.#phase('talking');
    this.controls.show(true);
    this.controls.setMic(false);
    this.notice.hide();
    const conversation = (this.conversation = new Conversation(this.view, socketUrl(), this.#wishes()));
    this.#connect(conversation);
    this.controls.setPush(this.settings.ticked('push'));
    try {
      await conversation.begin({ mic });
    } catch (error) {
      console.error(error);
      this.notice.show('sound', WORDS.OLD_BROWSER);
    }
    if (!mic) input('text').focus();
    if (conversation.player?.context.state === 'suspended') this.notice.show('sound', WORDS.NO_SOUND, () => conversation.player?.wake());
  }

  /** An address with ?face=KEY shows the face that a program has borrowed. */
  #wishes() {
    const face = this.settings.address.get('face');
    return face ? { ...this.settings.wishes, face } : this.settings.wishes;
  }

  async #end() {
    const conversation = this.conversation;
    this.conversation = null;
    this.controls.show(false);
    this.view.setState('idle');
    this.#status('');
    this.#captions({ heard: '', said: '' });
    this.#phase('ready');
    await conversation?.end();
  }

  /** @param {Conversation} conversation */
  #connect(conversation) {
    const on = (/** @type {string} */ kind, /** @type {(detail: any) => void} */ act) => conversation.addEventListener(kind, (event) => {
      if (conversation === this.conversation) act(/** @type {CustomEvent} */ (event).detail);
    });
    on('session', (session) => this.#began(session));
    on('resumed', (session) => this.#began(session));
    on('state', ({ state }) => this.#state(state));
    on('captions', (captions) => this.#captions(captions));
    on('line', (line) => this.#line(line));
    on('queue', (queue) => this.notice.show('queue', queueWords(queue)));
    on('lost', ({ wasAlive }) => {
      this.notice.show('server', wasAlive || conversation.session ? WORDS.LOST : WORDS.UNREACHABLE);
      this.#status('');
    });
    on('refused', ({ code }) => this.#refused(code));
    on('bye', ({ reason, text }) => reason !== 'restart' && this.#bye(byeWords(reason, text)));
    on('error', ({ text, remedy }) => this.notice.show('error', { title: text, text: remedy ?? '' }));
    on('speech', (speech) => this.#spoken(speech));
    on('mic', ({ on: there, problem }) => this.#mic(there, problem));
  }

  /** @param {any} session */
  #began(session) {
    ['server', 'queue'].forEach((about) => this.notice.hide(about));
    if (session.updated && sessionStorage.getItem(RELOADED) !== session.version) {
      sessionStorage.setItem(RELOADED, session.version);
      location.reload();
      return;
    }
    if (session.talk === 'press') this.controls.setPush(true);
    if (session.avatar?.url && session.avatar.id !== this.settings.wishes.avatar) this.view.load(session.avatar.url).catch((error) => this.#failed(error));
    this.#state(this.conversation?.state ?? 'idle');
    if (!session.resumed) this.#spoken(session);
  }

  /** Whoever talks and is not understood is told at once. @param {{locale: string, heard: boolean}} speech */
  #spoken({ locale, heard }) {
    const { locales, complete } = this.settings.speech;
    if (!complete) voices().then((speech) => this.settings.offerSpeech(speech)).catch((error) => console.error(error));
    for (const id of ['captions', 'log']) element(id).lang = locale; // a screen reader's voice
    const name = locales.find(({ id }) => id === locale)?.name ?? locale;
    if (heard !== false) this.notice.hide('language');
    else if (this.conversation?.connection.wishes.mic) this.notice.show('language', unheardWords(name));
  }

  /** @param {string} state */
  #state(state) {
    this.controls.setState(state);
    this.#status(STATES[state] ?? '', state);
  }

  /** @param {string} text @param {string} [state] */
  #status(text, state = '') {
    element('status').textContent = text;
    element('status').dataset.state = state;
  }

  /** @param {number} code */
  #refused(code) {
    this.#end();
    if (code === 4401) this.#askForToken(0);
    else this.notice.show('end', refusedWords(code), () => this.#begin(true));
  }

  /** @param {import('./words.js').Words} words */
  #bye(words) {
    this.#end();
    this.notice.show('end', words, () => this.#begin(true));
  }

  /** @param {boolean} there @param {string} problem */
  #mic(there, problem) {
    this.controls.setMic(there);
    if (problem) this.notice.show('mic', micWords(problem), () => this.conversation?.listen());
    else if (there) this.notice.hide('mic');
  }

  /** @param {{heard: string, said: string}} captions */
  #captions({ heard, said }) {
    const shown = this.settings.ticked('writes');
    element('heard').textContent = shown ? heard : '';
    element('said').textContent = shown ? said : '';
    element('captions').classList.toggle('empty', !shown || !(heard || said));
  }

  /** For who cannot see it. @param {{who: string, text: string}} line */
  #line({ who, text }) {
    const line = document.createElement('p');
    const words = document.createElement('bdi'); // they go their own way
    words.textContent = text;
    line.append(`${who === 'person' ? 'You' : 'Avatar'}: `, words);
    const log = element('log');
    log.append(line);
    while (log.childElementCount > MOST_LINES) log.firstElementChild?.remove();
  }

  #connectControls() {
    const on = (/** @type {string} */ kind, /** @type {(detail: any) => void} */ act) => this.controls.addEventListener(kind, (event) => act(/** @type {CustomEvent} */ (event).detail));
    button('begin').addEventListener('click', () => this.#begin(true));
    button('begin-typing').addEventListener('click', () => this.#begin(false));
    on('listen', () => this.conversation?.listen());
    on('mute', ({ muted }) => this.conversation?.mute(muted));
    on('talk', ({ pressed }) => this.conversation?.talk(pressed));
    on('say', ({ text }) => this.conversation?.say(text));
    on('stop', () => this.conversation?.interrupt());
  }

  #connectSettings() {
    const { settings } = this;
    const on = (/** @type {string} */ kind, /** @type {(value: any) => void} */ act) => settings.addEventListener(kind, (event) => act(/** @type {CustomEvent} */ (event).detail));
    on('avatar', (id) => this.#showAvatar(id).catch((error) => this.#failed(error)));
    on('voice', (voice) => this.conversation?.choose({ voice }));
    on('locale', (locale) => this.conversation?.choose({ locale, voice: settings.wishes.voice }));
    on('push', () => this.conversation && this.controls.setPush(settings.ticked('push')));
    on('leave', () => this.#end());
    on('counts', () => (this.figures.shown = settings.ticked('counts')));
    this.figures.shown = settings.ticked('counts');
  }

  /** @param {string} name loading, ready or talking */
  #phase(name) {
    document.body.dataset.phase = name;
  }
}

const app = new App();
app.start(tokenOfAddress());
Object.assign(window, { avatarApp: app }); // for the console and the tests
