// The small panel of figures.

import { element } from './elements.js';

/** @param {number} value @param {string} unit @param {number} [digits] */
const number = (value, unit, digits = 0) => (Number.isFinite(value) ? `${value.toFixed(digits)} ${unit}` : '–');

export class FiguresPanel {
  constructor() {
    this.box = element('figures');
    this.shown = false;
  }

  /** @param {any} figures see Conversation.figures */
  show(figures) {
    this.box.hidden = !this.shown;
    if (!this.shown) return;
    /** @type {[string, string][]} */
    const rows = [
      ['Answer after', number(figures.delay_ms, 'ms')],
      ['Pictures', number(figures.fps, 'a second', 0)],
      ['A picture costs', number(figures.cost_ms, 'ms', 1)],
      ['Lips off by (95 %)', number(figures.lip_error_ms, 'ms', 1)],
      ['Round trip', number(figures.trip_ms, 'ms', 1)],
      ['Sound ran dry', String(figures.underruns)],
      ['Drawn by', figures.device.slice(0, 40)],
    ];
    this.box.replaceChildren(...rows.flatMap(([name, value]) => [written('dt', name), written('dd', value)]));
  }
}

/** @param {string} tag @param {string} text */
function written(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
