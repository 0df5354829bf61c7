// What is written of what both say: as display/captions.py. Pure: told messages and times.

const LINGER_S = 3;
const KEPT_SENTENCES = 200;

export class CaptionBoard {
  constructor() {
    this.heard = '';
    this.said = '';
    /** @type {Map<string, string>} */
    this.sentences = new Map();
    /** @type {number | null} */
    this.clearsAtS = null;
    this.playing = 0; // the turn that is heard, or was
    this.state = 'idle';
  }

  /** @param {{text: string}} transcript */
  transcript({ text }) {
    if (text) [this.heard, this.said, this.clearsAtS] = [text, '', null];
  }

  /** @param {{turn: number, index: number, text: string}} sentence */
  sentence({ turn, index, text }) {
    if (!text) return;
    if (this.sentences.size >= KEPT_SENTENCES) this.sentences.delete(/** @type {string} */ (this.sentences.keys().next().value));
    this.sentences.set(`${turn} ${index}`, text);
  }

  /** A sentence begins to be heard, goes on, or its turn has ended. @param {number} turn @param {number} index @param {string} state @param {number} nowS */
  playback(turn, index, state, nowS) {
    if (state === 'ended') {
      if (this.playing === turn) this.clearsAtS = nowS + LINGER_S;
      return;
    }
    this.playing = turn;
    this.clearsAtS = null;
    this.said = this.sentences.get(`${turn} ${index}`) ?? this.said;
  }

  /** @param {string} state @param {number} nowS */
  setState(state, nowS) {
    this.state = state;
    if (state === 'listening') this.said = '';
    else if (state === 'idle') this.clearsAtS = nowS + LINGER_S;
  }

  /** @param {number} nowS */
  at(nowS) {
    if (this.clearsAtS !== null && nowS >= this.clearsAtS) [this.heard, this.said, this.clearsAtS] = ['', '', null];
    return { heard: this.heard, said: this.said };
  }
}

/** Where each sentence of the turns that are played begins, by sample. */
export class SentencePlaces {
  constructor() {
    /** @type {{turn: number, sentence: number, first: number}[]} */
    this.places = [];
  }

  /** @param {{turn: number, sentence: number, first: number}} voice */
  add({ turn, sentence, first }) {
    if (this.places.some((place) => place.turn === turn && place.sentence === sentence)) return;
    this.places.push({ turn, sentence, first });
    if (this.places.length > KEPT_SENTENCES) this.places.shift();
  }

  /** The sentence that a sample belongs to. @param {number} turn @param {number} sample */
  at(turn, sample) {
    let found = 0;
    for (const place of this.places) if (place.turn === turn && place.first <= sample) found = place.sentence;
    return found;
  }
}
