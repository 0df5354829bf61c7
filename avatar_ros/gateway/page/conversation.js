// One conversation: the socket, the voice, the microphone and the face put together. Knows nothing of the page's look.

import { CaptionBoard, SentencePlaces } from './captions.js';
import { Connection } from './connection.js';
import { LipError } from './lip_error.js';
import { MicError, Microphone } from './microphone.js';
import { Player } from './player.js';
import { Uplink } from './uplink.js';

/** @typedef {import('./head_view.js').HeadView} HeadView */

const FIGURES_MS = 5000;

/**
 * Events: `state` {state}, `captions` {heard, said}, `line` {who, text} (a whole one), `queue`, `session`, `lost`, `refused`, `bye`,
 * `error` {code, text, remedy}, `mic` {on, muted, problem}, `voice` {speaking}, `resumed`,
 * `speech` {locale, voice, heard}: what is spoken from now on.
 */
export class Conversation extends EventTarget {
  /** @param {HeadView} view @param {string} url of the socket @param {import('./connection.js').Wishes} wishes */
  constructor(view, url, wishes) {
    super();
    this.view = view;
    this.connection = new Connection(url, wishes);
    this.board = new CaptionBoard();
    this.places = new SentencePlaces();
    this.lipError = new LipError();
    /** @type {Player | null} */
    this.player = null;
    /** @type {Microphone | null} */
    this.microphone = null;
    /** @type {Uplink | null} */
    this.uplink = null;
    this.muted = false;
    this.turn = 0;
    this.state = 'idle';
    /** @type {any} */
    this.session = null;
    /** @type {{atS: number, turn: number, sample: number, rateHz: number, state: string}[]} */
    this.clocks = []; // what will be heard, until it is
    /** @type {Map<number, {atS: number, report: any}>} */
    this.reports = new Map(); // not told yet, by turn
    this.heardEndS = NaN;
    this.delayMs = NaN;
    this.id = 0;
    this.typed = '';
    this.written = ''; // the captions
    this.ended = false;
    this.#listen();
  }

  /** Begin; to be called from a click or a key. @param {{mic: boolean}} options */
  async begin({ mic }) {
    const opening = Player.open(); // before anything is waited for: the click counts for a moment only
    const listening = mic ? this.listen() : null;
    this.player = await opening;
    if (this.ended) return;
    this.connection.wishes.mic = mic;
    this.connection.open();
    this.player.onevent = (event, atS) => this.#played(event, atS);
    this.reporting = setInterval(() => this.#report(), FIGURES_MS);
    this.writing = setInterval(() => this.#write(), 250);
    await listening;
  }

  /** Ask for the microphone and begin to listen. */
  async listen() {
    try {
      this.microphone = await Microphone.open();
      this.microphone.muted = this.muted;
      this.uplink?.close();
      const uplink = (this.uplink = new Uplink(this.connection, this.microphone));
      this.microphone.onpiece = (pcm, first, atS) => uplink.piece(pcm, first, atS);
      this.microphone.onended = () => this.#unplugged();
      this.#tell('mic', { on: true, muted: this.muted, problem: '' });
    } catch (error) {
      const problem = error instanceof MicError ? error.code : 'failed';
      this.#tell('mic', { on: false, muted: this.muted, problem, detail: String(error) });
    }
  }

  async #unplugged() {
    const gone = this.microphone;
    this.microphone = null;
    this.uplink?.close();
    this.#tell('mic', { on: false, muted: this.muted, problem: 'unplugged' });
    await gone?.close(); // or it would go on sending silence
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    if (this.microphone) this.microphone.muted = muted;
    this.uplink?.mute(muted);
    this.#tell('mic', { on: this.microphone !== null, muted, problem: '' });
  }

  /** Push-to-talk. @param {boolean} pressed */
  talk(pressed) {
    this.connection.send({ kind: 'talk', pressed });
  }

  /** @param {string} text */
  say(text) {
    const clean = text.trim().slice(0, 1000);
    if (!clean) return;
    this.connection.send({ kind: 'text', id: `t${++this.id}`, text: clean });
    this.heardEndS = performance.now() / 1000;
    this.typed = clean; // it comes back as what was heard
    this.board.transcript({ text: clean });
    this.#tell('line', { who: 'person', text: clean });
    this.#write();
  }

  /** Be silent now. */
  interrupt() {
    this.connection.send({ kind: 'interrupt' });
    this.player?.order('pause', this.turn); // heard at once; the server's cancel follows
    this.view.face.order('pause', this.turn);
  }

  /** @param {{locale?: string, voice?: string}} wishes */
  choose(wishes) {
    Object.assign(this.connection.wishes, wishes);
    this.connection.send({ kind: 'choose', ...wishes });
  }

  async end() {
    this.ended = true;
    clearInterval(this.reporting);
    clearInterval(this.writing);
    this.uplink?.close();
    this.connection.close();
    await this.microphone?.close();
    await this.player?.close();
    this.view.face.forget();
  }

  /** For the panel and the server. */
  get figures() {
    const { fps, cost_ms, renderer, device } = this.view.figures;
    const { underruns = 0, buffered_s = 0 } = this.player ?? {};
    return {
      fps, cost_ms, renderer, device, underruns, buffered_s, delay_ms: this.delayMs, lip_error_ms: this.lipError.quantile(0.95),
      trip_ms: this.connection.clock.tripS * 1000,
    };
  }

  #listen() {
    const on = (/** @type {string} */ kind, /** @type {(detail: any) => void} */ act) =>
      this.connection.addEventListener(kind, (event) => act(/** @type {CustomEvent} */ (event).detail));
    on('session', (session) => this.#start(session));
    on('state', (message) => this.#state(message));
    on('voice', (message) => ('pcm' in message ? this.#voice(message) : this.#tell('voice', message)));
    on('face', (message) => this.#face(message));
    on('idle', (message) => this.#idle(message));
    on('order', (message) => this.#order(message));
    on('heard', (message) => this.#heard(message));
    on('pong', () => this.#sendReports());
    on('sentence', (message) => this.board.sentence(message));
    for (const kind of ['queue', 'lost', 'refused', 'bye', 'error', 'said', 'speech']) on(kind, (detail) => this.#tell(kind, detail));
    this.view.onbefore = (atS) => this.#hearUntil(atS);
    this.view.addEventListener('shown', (event) => {
      const shown = /** @type {CustomEvent} */ (event).detail;
      this.lipError.add(shown, this.player?.clock.heard(shown.seenS) ?? null);
    });
  }

  /** @param {any} session */
  #start(session) {
    this.session = session;
    if (!session.resumed) {
      this.view.face.forget();
      this.player?.forget();
      this.reports.clear();
      [this.clocks, this.turn, this.board, this.places] = [[], 0, new CaptionBoard(), new SentencePlaces()];
    }
    this.#tell(session.resumed ? 'resumed' : 'session', session);
  }

  /** @param {{state: string, turn: number}} message */
  #state({ state }) {
    this.state = state;
    this.view.setState(state);
    this.board.setState(state, performance.now() / 1000);
    this.#tell('state', { state });
    this.#write();
  }

  /** @param {import('./protocol.js').Voice} voice */
  #voice(voice) {
    this.turn = Math.max(this.turn, voice.turn);
    this.places.add(voice);
    this.player?.play(voice);
  }

  /** @param {import('./protocol.js').SpeechFace} message */
  #face({ turn, sample, rateHz, face }) {
    if (!this.view.face.hasLips(turn)) this.player?.lips(turn);
    this.view.face.express(turn, sample, rateHz, face);
  }

  /** @param {import('./protocol.js').IdleFace} message */
  #idle({ atS, face }) {
    const pageS = this.connection.clock.toPage(atS);
    this.view.face.beIdle(Number.isFinite(pageS) ? pageS : performance.now() / 1000, face);
  }

  /** @param {{action: string, turn: number}} message */
  #order({ action, turn }) {
    this.player?.order(action, turn);
    this.view.face.order(action, turn);
  }

  /** @param {{text: string, final: boolean, rejected: boolean}} message */
  #heard({ text, final, rejected }) {
    this.board.transcript({ text: rejected ? '' : text });
    if (final && text && !rejected && text !== this.typed) this.#tell('line', { who: 'person', text });
    if (final) this.typed = '';
    if (final) this.heardEndS = performance.now() / 1000;
    this.#write();
  }

  /** @param {import('./playback.js').PlaybackEvent} event @param {number} atS */
  #played({ turn, sample, rateHz, state, gain }, atS) {
    this.clocks.push({ atS, turn, sample, rateHz, state });
    this.reports.set(turn, { atS, report: { kind: 'clock', turn, sample: Math.round(sample), state, gain } });
    this.#sendReports();
    if (state === 'playing' && sample === 0 && Number.isFinite(this.heardEndS)) {
      this.delayMs = (atS - this.heardEndS) * 1000;
      this.heardEndS = NaN;
    }
  }

  /** Where each turn stands; what could not be told while the network was gone is told after it. */
  #sendReports() {
    if (!this.connection.alive || !this.connection.clock.known) return;
    for (const { atS, report } of this.reports.values()) this.connection.send({ ...report, at_s: this.connection.clock.toServer(atS) });
    this.reports.clear();
  }

  /** What is heard by then concerns the face and the captions. @param {number} atS */
  #hearUntil(atS) {
    this.player?.clock.read(performance.now() / 1000);
    while (this.clocks.length && this.clocks[0].atS <= atS) {
      const clock = /** @type {any} */ (this.clocks.shift());
      this.view.face.playback(clock);
      const before = this.board.said;
      this.board.playback(clock.turn, this.places.at(clock.turn, clock.sample), clock.state, atS);
      if (this.board.said !== before) this.#tell('line', { who: 'avatar', text: this.board.said });
    }
  }

  #write() {
    const captions = this.board.at(performance.now() / 1000);
    const text = `${captions.heard}\n${captions.said}`;
    if (text === this.written) return;
    this.written = text;
    this.#tell('captions', captions);
  }

  #report() {
    const { fps, delay_ms, lip_error_ms, underruns, renderer } = this.figures;
    const known = Object.entries({ fps, delay_ms, lip_error_ms, underruns, renderer }).filter(([, value]) => typeof value === 'string' || Number.isFinite(value));
    this.connection.send({ kind: 'figures', ...Object.fromEntries(known) });
  }

  /** @param {string} kind @param {any} detail */
  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
