// The one message that the page shows at a time: what is wrong, and what to do.

import { element } from './elements.js';

/** @typedef {import('./words.js').Words} Words */

export class Notice {
  constructor() {
    this.box = element('notice');
    this.heading = /** @type {HTMLElement} */ (this.box.querySelector('h2'));
    this.text = /** @type {HTMLElement} */ (this.box.querySelector('p'));
    this.form = /** @type {HTMLFormElement} */ (this.box.querySelector('form'));
    this.act = element('notice-act');
    this.about = '';
    this.action = () => {};
    this.act.addEventListener('click', () => this.#go());
    element('notice-close').addEventListener('click', () => this.hide());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#go();
    });
  }

  /** @param {string} about what it is about: see `hide` @param {Words} words @param {(token: string) => void} [action] @param {boolean} [asks] for a token */
  show(about, words, action, asks = false) {
    this.about = about;
    this.heading.textContent = words.title;
    this.text.textContent = words.text;
    this.act.textContent = words.action ?? '';
    this.act.hidden = !words.action || !action;
    this.form.hidden = !asks;
    this.action = /** @type {() => void} */ (action ?? (() => {}));
    this.box.hidden = false;
  }

  /** @param {string} [about] hides only what is about that */
  hide(about) {
    if (about && about !== this.about) return;
    this.box.hidden = true;
    this.about = '';
  }

  #go() {
    const action = /** @type {(token: string) => void} */ (this.action);
    const token = String(new FormData(this.form).get('token') ?? '').trim();
    this.hide();
    action(token);
  }
}
