// What a person can choose, kept for the next visit; what the address names wins.

import { setBackground, setPicture } from './background.js';
import { button, element, fill, input, select } from './elements.js';

const PREFIX = 'avatar.';
const USUAL_BACKGROUND = 'studio'; // as the kiosk's
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

/** @param {string} a @param {string} b */
const sameLanguage = (a, b) => a.split('-')[0].toLowerCase() === b.split('-')[0].toLowerCase();

/** Events: `avatar`, `voice`, `locale`, `push`, `writes`, `counts`, `leave`. */
export class Settings extends EventTarget {
  constructor() {
    super();
    this.address = new URLSearchParams(location.search);
    /** @type {import('./server.js').Speech} */
    this.speech = { voices: [], locales: [], complete: false };
    this.unmet = '';
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

  /** @param {import('./server.js').AvatarEntry[]} avatars @param {import('./server.js').Speech} speech */
  offer(avatars, speech) {
    fill(select('avatar'), avatars, this.wish('avatar'));
    this.offerSpeech(speech);
  }

  /** Languages, and voices of the one that is chosen. @param {import('./server.js').Speech} speech */
  offerSpeech(speech) {
    this.speech = speech;
    const { locales } = speech;
    const wish = this.wish('locale');
    const browsers = locales.find(({ id, heard }) => heard && sameLanguage(id, navigator.language));
    const found = wish === undefined ? browsers : (locales.find(({ id }) => id === wish) ?? locales.find(({ id }) => sameLanguage(id, wish)));
    this.unmet = wish !== undefined && !found && speech.complete ? wish : ''; // the server says that it cannot
    fill(select('locale'), locales, found?.id);
    this.#offerVoices();
  }

  #offerVoices() {
    const fits = (/** @type {string} */ locale) => !locale || sameLanguage(locale, select('locale').value);
    fill(select('voice'), this.speech.voices.filter((voice) => fits(voice.locale)), this.wish('voice'));
  }

  /** Whether a box is ticked. @param {'push' | 'writes' | 'counts'} name */
  ticked(name) {
    return input(name).checked;
  }

  get wishes() {
    return { avatar: select('avatar').value, voice: select('voice').value, locale: this.unmet || select('locale').value };
  }

  /** @param {string} name @param {string} value */
  #chosen(name, value) {
    keep(name, value);
    if (name === 'locale') {
      this.unmet = '';
      this.#offerVoices();
    }
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
    const background = select('background');
    const wish = this.wish('background') ?? USUAL_BACKGROUND;
    if ([...background.options].some(({ value }) => value === wish)) background.value = wish;
    setBackground(wish);
    background.addEventListener('change', () => {
      if (background.value === 'picture') return input('picture').click();
      keep('background', background.value);
      setBackground(background.value);
    });
    input('picture').addEventListener('change', () => {
      const file = input('picture').files?.[0];
      if (file) setPicture(file);
    });
  }
}
