// <avatar-head>: the face and its conversation as an element, for pages of the same server (others frame /embed).
//
//   <avatar-head avatar="builtin" captions></avatar-head>
//   element.begin({ mic: true }) within a click; element.say('Hello'); element.interrupt(); element.mute(true); element.end()
//
// Attributes: avatar, voice, locale (ids of the server), renderer (auto, webgl, wasm), captions. Events, with `detail`: ready, state
// {state}, captions {heard, said}, line {who, text}, queue {place, length}, session, lost, refused {code}, bye {reason, text},
// error {code, text, remedy}, mic {on, muted, problem}, failed.

import { Conversation } from './conversation.js';
import { HeadView } from './head_view.js';
import { avatars, socketUrl } from './server.js';

const EVENTS = ['state', 'captions', 'line', 'queue', 'session', 'resumed', 'lost', 'refused', 'bye', 'error', 'mic', 'voice', 'said'];

export class AvatarHead extends HTMLElement {
  static observedAttributes = ['avatar'];

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    this.place = document.createElement('div');
    Object.assign(this.place.style, { width: '100%', height: '100%', display: 'flex', alignItems: 'flex-end', justifyContent: 'center' });
    this.text = document.createElement('p');
    Object.assign(this.text.style, { position: 'absolute', left: '0', right: '0', bottom: '0', margin: '0', padding: '.6em 1em', textAlign: 'center', background: '#fffc', color: '#22262c' });
    this.text.setAttribute('aria-live', 'polite');
    this.text.hidden = true;
    root.append(this.place, this.text);
    /** @type {Conversation | null} */
    this.conversation = null;
  }

  connectedCallback() {
    if (getComputedStyle(this).display === 'inline') Object.assign(this.style, { display: 'block' });
    if (getComputedStyle(this).position === 'static') this.style.position = 'relative';
    const wish = /** @type {any} */ (this.getAttribute('renderer') ?? 'auto');
    this.view = new HeadView(this.place, { renderer: wish });
    this.view.setState('idle');
    this.view.addEventListener('seen', () => this.#tell('ready', {}));
    this.view.addEventListener('failed', (event) => this.#tell('failed', /** @type {CustomEvent} */ (event).detail));
    this.#load();
  }

  disconnectedCallback() {
    this.end();
    this.view?.close();
    this.view = undefined;
  }

  attributeChangedCallback() {
    if (this.view) this.#load();
  }

  /** Begin a conversation; to be called while a click or a key is handled. @param {{mic?: boolean}} [options] */
  async begin({ mic = true } = {}) {
    if (!this.view || this.conversation) return;
    const wishes = { avatar: this.getAttribute('avatar') ?? '', voice: this.getAttribute('voice') ?? '', locale: this.getAttribute('locale') ?? '' };
    const conversation = (this.conversation = new Conversation(this.view, socketUrl(), wishes));
    for (const kind of EVENTS) {
      conversation.addEventListener(kind, (event) => this.#tell(kind, /** @type {CustomEvent} */ (event).detail));
    }
    await conversation.begin({ mic });
  }

  /** @param {string} text */
  say(text) {
    this.conversation?.say(text);
  }

  interrupt() {
    this.conversation?.interrupt();
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.conversation?.mute(muted);
  }

  get figures() {
    return this.conversation?.figures ?? this.view?.figures;
  }

  async end() {
    const conversation = this.conversation;
    this.conversation = null;
    this.view?.setState('idle');
    this.text.hidden = true;
    await conversation?.end();
  }

  async #load() {
    try {
      const found = await avatars();
      const entry = found.find(({ id }) => id === this.getAttribute('avatar')) ?? found.find((avatar) => avatar.default) ?? found[0];
      if (entry) await this.view?.load(entry.url);
    } catch (error) {
      this.#tell('failed', error);
    }
  }

  /** @param {string} kind @param {any} detail */
  #tell(kind, detail) {
    if (kind === 'captions' && this.hasAttribute('captions')) {
      this.text.textContent = detail.said || detail.heard;
      this.text.hidden = !this.text.textContent;
    }
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

customElements.define('avatar-head', AvatarHead);
