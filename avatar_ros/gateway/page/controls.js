// The bar at the bottom and the keyboard.

import { button, element, input } from './elements.js';

/** Events: `listen`, `mute` {muted}, `talk` {pressed}, `say` {text}, `stop`. */
export class Controls extends EventTarget {
  constructor() {
    super();
    this.muted = false;
    this.push = false;
    this.held = false;
    this.listens = false;
    button('mic').addEventListener('click', () => (this.listens ? this.setMuted(!this.muted) : this.#tell('listen')));
    button('stop').addEventListener('click', () => this.#tell('stop'));
    element('typing').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#tell('say', { text: input('text').value });
      input('text').value = '';
    });
    this.#holding();
    document.addEventListener('keydown', (event) => this.#key(event));
    document.addEventListener('keyup', (event) => event.code === 'Space' && this.#hold(false));
    window.addEventListener('blur', () => this.#hold(false));
  }

  /** @param {boolean} shown */
  show(shown) {
    element('bar').hidden = !shown;
  }

  /** Whether there is a microphone. @param {boolean} there */
  setMic(there) {
    this.listens = there;
    button('mic').classList.toggle('off', !there);
    button('mic').setAttribute('aria-label', there ? 'Mute the microphone' : 'Switch the microphone on');
    button('hold').disabled = !there;
  }

  /** @param {boolean} muted */
  setMuted(muted) {
    this.muted = muted;
    button('mic').setAttribute('aria-pressed', String(muted));
    this.#tell('mute', { muted });
  }

  /** Whether one holds a button to talk. @param {boolean} push */
  setPush(push) {
    this.push = push;
    button('mic').hidden = push;
    button('hold').hidden = !push;
    this.setMuted(push);
  }

  /** @param {string} state of the conversation */
  setState(state) {
    button('stop').disabled = state !== 'speaking' && state !== 'thinking';
  }

  #holding() {
    const hold = button('hold');
    hold.addEventListener('pointerdown', (event) => {
      hold.setPointerCapture(event.pointerId);
      this.#hold(true);
    });
    for (const kind of ['pointerup', 'pointercancel', 'lostpointercapture']) hold.addEventListener(kind, () => this.#hold(false));
    hold.addEventListener('contextmenu', (event) => event.preventDefault());
  }

  /** @param {boolean} pressed */
  #hold(pressed) {
    if (!this.push || pressed === this.held || button('hold').disabled) return;
    this.held = pressed;
    button('hold').classList.toggle('held', pressed);
    this.setMuted(!pressed);
    this.#tell('talk', { pressed });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (element('bar').hidden || document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape') this.#tell('stop');
    if (/^(input|select|textarea|button)$/i.test(target.tagName) && target.id !== 'hold') return;
    if (event.code === 'Space' && this.push) {
      event.preventDefault();
      if (!event.repeat) this.#hold(true);
    } else if (event.key.toLowerCase() === 'm' && !event.ctrlKey && !event.metaKey && !this.push && this.listens) this.setMuted(!this.muted);
  }

  /** @param {string} kind @param {any} [detail] */
  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
