// What a person can choose, kept for the next visit; what the address names wins.

import { button, element, fill, input, select } from './elements.js';

const PREFIX = 'avatar.';
const TICKS = { push: 'hold to talk', writes: 'captions', counts: 'figures' };

/** @param {string} name */
function kept(name) {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined; // a browser that keeps nothing
  }
}

/** @param {string} name @param {string} value */
function keep(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // as above
  }
}

/** Events: `avatar`, `voice`, `locale`, `push`, `writes`, `counts`, `leave`. */
export class Settings extends EventTarget {
  constructor() {
    super();
    this.address = new URLSearchParams(location.search);
    this.dialog = /** @type {HTMLDialogElement} */ (element('settings'));
    const more = button('more');
    more.addEventListener('click', () => {
      this.dialog.showModal();
      more.setAttribute('aria-expanded', 'true');
    });
    this.dialog.addEventListener('close', () => more.setAttribute('aria-expanded', 'false'));
    button('leave').addEventListener('click', () => {
      this.dialog.close();
      this.dispatchEvent(new Event('leave'));
    });
    for (const name of ['avatar', 'voice', 'locale']) select(name).addEventListener('change', () => this.#chosen(name, select(name).value));
    for (const name of Object.keys(TICKS)) this.#tick(name);
    this.#looks();
  }

  /** The wish for a choice: from the address, else from the last visit. @param {string} name */
  wish(name) {
    return this.address.get(name) ?? kept(name);
  }

  /** @param {import('./server.js').AvatarEntry[]} avatars @param {{voices: import('./server.js').VoiceEntry[], locales: import('./server.js').LocaleEntry[]}} speech */
  offer(avatars, { voices, locales }) {
    fill(select('avatar'), avatars, this.wish('avatar'));
    fill(select('voice'), voices, this.wish('voice'));
    fill(select('locale'), locales, this.wish('locale') ?? navigator.language);
  }

  /** Whether a box is ticked. @param {'push' | 'writes' | 'counts'} name */
  ticked(name) {
    return input(name).checked;
  }

  get wishes() {
    return { avatar: select('avatar').value, voice: select('voice').value, locale: select('locale').value };
  }

  /** @param {string} name @param {string} value */
  #chosen(name, value) {
    keep(name, value);
    this.dispatchEvent(new CustomEvent(name, { detail: value }));
  }

  /** @param {string} name */
  #tick(name) {
    const box = input(name);
    const wish = this.wish(name);
    if (wish !== undefined) box.checked = wish === '1';
    box.addEventListener('change', () => this.#chosen(name, box.checked ? '1' : '0'));
  }

  #looks() {
    const theme = select('theme');
    theme.value = this.wish('theme') ?? '';
    const show = () => (theme.value ? (document.documentElement.dataset.theme = theme.value) : delete document.documentElement.dataset.theme);
    theme.addEventListener('change', () => {
      keep('theme', theme.value);
      show();
    });
    show();
    setBackground(this.address.get('background') ?? '');
    const background = select('background');
    background.addEventListener('change', () => (background.value ? input('picture').click() : setBackground('')));
    input('picture').addEventListener('change', () => {
      const file = input('picture').files?.[0];
      if (file) document.body.style.backgroundImage = `url("${URL.createObjectURL(file)}")`;
      else background.value = '';
    });
  }
}

/** What is behind the face: a colour '#rrggbb', 'transparent', or '' for the page's own. @param {string} value */
export function setBackground(value) {
  document.body.toggleAttribute('data-clear', value === 'transparent');
  document.body.style.backgroundImage = '';
  document.body.style.backgroundColor = /^#[0-9a-f]{6}$/i.test(value) ? value : '';
}
