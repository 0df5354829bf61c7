// What is behind the face, in the kiosk's words (core/backdrop_words.py); the pictures themselves are style.css's.

const COLOUR = /^#[0-9a-f]{6}$/i;
/** How many colours each word may have, and what it is. @type {Record<string, {kind: 'plain' | 'studio' | 'gradient' | 'transparent', counts: number[]}>} */
const WORDS = {
  '': { kind: 'plain', counts: [1] },
  plain: { kind: 'plain', counts: [0] },
  studio: { kind: 'studio', counts: [0, 1] },
  gradient: { kind: 'gradient', counts: [0, 2] },
  chroma: { kind: 'plain', counts: [0, 1] },
  transparent: { kind: 'transparent', counts: [0] },
};
const KEY_GREEN = '#00b140';

/**
 * '#rrggbb', studio, studio:#rrggbb, gradient, gradient:#rrggbb,#rrggbb, chroma, chroma:#rrggbb, transparent, or plain: the page's own
 * colour. kind: as body[data-behind] has it; what is none of these is plain.
 * @param {string} text @returns {{kind: 'plain' | 'studio' | 'gradient' | 'transparent', colours: string[]}}
 */
export function parseBackground(text) {
  const [name, rest] = text.startsWith('#') ? ['', text] : [text.split(':')[0], text.split(':').slice(1).join(':')];
  const colours = rest ? rest.split(',') : [];
  const word = Object.hasOwn(WORDS, name) ? WORDS[name] : null;
  if (!word || !word.counts.includes(colours.length) || !colours.every((colour) => COLOUR.test(colour))) return { kind: 'plain', colours: [] };
  return { kind: word.kind, colours: name === 'chroma' && !colours.length ? [KEY_GREEN] : colours };
}

/** @param {string} text as above */
export function setBackground(text) {
  const { kind, colours } = parseBackground(text);
  const { body } = document;
  body.dataset.behind = kind;
  body.style.backgroundImage = '';
  for (const [k, name] of ['--behind', '--below'].entries()) {
    if (colours[k]) body.style.setProperty(name, colours[k]);
    else body.style.removeProperty(name);
  }
}

/** A picture of one's own. @param {Blob} file */
export function setPicture(file) {
  setBackground('plain');
  document.body.style.backgroundImage = `url("${URL.createObjectURL(file)}")`;
}
