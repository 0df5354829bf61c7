// The socket: begins a session, keeps it through a lost network, and says what happens in events.

import { decode } from './protocol.js';
import { ServerClock } from './server_clock.js';

/** @typedef {{locale?: string, avatar?: string, voice?: string, mic?: boolean, face?: string}} Wishes */

const FIRST_PINGS = 3;
const PING_S = 2;
const SILENT_S = 7; // pongs that stay away so long: the network is gone, whatever the socket says
const RETRIES_S = [0.3, 0.7, 1.5, 3, 5];
const CONNECT_S = 10;
const PROTOCOL = 1;
const CLOSES = { unauthorised: 4401, replaced: 4409, tooMuch: 4429 };

export class Connection extends EventTarget {
  /** @param {string} url of the socket @param {Wishes} wishes */
  constructor(url, wishes) {
    super();
    this.url = url;
    this.wishes = wishes;
    this.clock = new ServerClock();
    this.key = '';
    this.seq = 0;
    this.version = '';
    this.attempts = 0;
    this.wanted = false;
    this.alive = false; // the session is under way
    /** @type {any} */
    this.session = null; // what the server said of it, while it is under way
    /** @type {WebSocket | null} */
    this.socket = null;
    this.heardS = 0;
  }

  open() {
    this.wanted = true;
    this.#connect();
  }

  /** The person leaves. */
  close() {
    this.send({ kind: 'bye' });
    this.#end();
  }

  /** @param {object} message */
  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** Sound that the network cannot take now is left out: it would come too late. @param {ArrayBuffer} bytes */
  sendBytes(bytes) {
    if (this.alive && this.socket?.readyState === WebSocket.OPEN && this.socket.bufferedAmount < 65536) this.socket.send(bytes);
  }

  #connect() {
    const socket = (this.socket = new WebSocket(this.url));
    socket.binaryType = 'arraybuffer';
    const timer = setTimeout(() => socket.close(), CONNECT_S * 1000);
    socket.onopen = () => {
      clearTimeout(timer);
      const resume = this.key ? { resume: { key: this.key, seq: this.seq } } : {};
      this.send({ kind: 'hello', protocol: PROTOCOL, ...this.wishes, ...resume });
      this.heardS = performance.now() / 1000;
      for (let k = 0; k < FIRST_PINGS; ++k) this.#ping();
      clearInterval(this.pinging);
      this.pinging = setInterval(() => this.#keepAlive(), PING_S * 1000);
    };
    socket.onmessage = ({ data }) => this.#hear(data);
    socket.onclose = ({ code, reason }) => {
      clearTimeout(timer);
      if (socket === this.socket) this.#closed(code, reason);
    };
  }

  #ping() {
    this.send({ kind: 'ping', t: performance.now() / 1000 });
  }

  #keepAlive() {
    if (performance.now() / 1000 - this.heardS > SILENT_S) this.#abandon();
    else this.#ping();
  }

  // A dead network lets a socket's close take minutes: it is left to itself.
  #abandon() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.#closed(1006, 'nothing was heard');
  }

  /** @param {string | ArrayBuffer} data */
  #hear(data) {
    this.heardS = performance.now() / 1000;
    const message = typeof data === 'string' ? parsed(data) : decode(data);
    if (!message) return;
    if (message.seq > this.seq) this.seq = message.seq;
    if (message.kind === 'pong') this.clock.add(message.t, this.heardS, message.now_s);
    else if (message.kind === 'session') this.#begin(message);
    else if (message.kind === 'bye' && message.reason !== 'restart') this.#end();
    this.#tell(message.kind, message);
  }

  /** @param {any} session */
  #begin(session) {
    this.key = session.key;
    if (!session.resumed) this.seq = 0;
    this.attempts = 0;
    this.alive = true;
    this.session = session;
    session.updated = this.version !== '' && this.version !== session.version;
    this.version = session.version;
  }

  /** @param {number} code @param {string} reason */
  #closed(code, reason) {
    clearInterval(this.pinging);
    this.clock = new ServerClock();
    const wasAlive = this.alive;
    this.alive = false;
    this.session = null;
    if (!this.wanted) return;
    if (code === CLOSES.unauthorised || code === CLOSES.replaced || code === CLOSES.tooMuch) {
      this.#end();
      this.#tell('refused', { code, reason });
      return;
    }
    const delayS = RETRIES_S[Math.min(this.attempts++, RETRIES_S.length - 1)];
    this.#tell('lost', { code, wasAlive, attempts: this.attempts, delayS });
    this.retrying = setTimeout(() => this.wanted && this.#connect(), delayS * 1000 * (0.75 + 0.5 * Math.random()));
  }

  #end() {
    this.wanted = false;
    this.alive = false;
    clearInterval(this.pinging);
    clearTimeout(this.retrying);
    this.socket?.close(1000);
  }

  /** @param {string} kind @param {any} detail */
  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

/** @param {string} text @returns {any} */
function parsed(text) {
  try {
    const message = JSON.parse(text);
    return typeof message?.kind === 'string' ? message : null;
  } catch {
    return null;
  }
}
