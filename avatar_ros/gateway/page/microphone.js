// The person's voice: from the microphone to pieces of 20 ms at 16 kHz.

/** @typedef {'insecure' | 'no_microphone' | 'denied' | 'in_use' | 'failed'} MicProblem */

export class MicError extends Error {
  /** @param {MicProblem} code @param {string} detail */
  constructor(code, detail) {
    super(detail);
    this.code = code;
  }
}

/** @type {Record<string, MicProblem>} */
const CODES = {
  NotAllowedError: 'denied', SecurityError: 'denied', PermissionDeniedError: 'denied', NotFoundError: 'no_microphone',
  OverconstrainedError: 'no_microphone', DevicesNotFoundError: 'no_microphone', NotReadableError: 'in_use', AbortError: 'in_use',
};

export class Microphone {
  /** 20 ms of sound. @type {(pcm: Int16Array, firstSample: number, atS: number) => void} */
  onpiece = () => {};
  /** It was unplugged or taken away. */
  onended = () => {};

  /** Ask for the microphone. @returns {Promise<Microphone>} throws MicError */
  static async open() {
    if (!window.isSecureContext) throw new MicError('insecure', 'not a secure context');
    if (!navigator.mediaDevices?.getUserMedia) throw new MicError('failed', 'this browser has no getUserMedia');
    const wanted = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 } };
    const stream = await navigator.mediaDevices.getUserMedia(wanted).catch((error) => {
      throw new MicError(CODES[error.name] ?? 'failed', `${error.name}: ${error.message}`);
    });
    const microphone = new Microphone(stream);
    await microphone.#start();
    return microphone;
  }

  /** @param {MediaStream} stream */
  constructor(stream) {
    this.stream = stream;
    this.muted = false;
    this.count = 0; // samples so far, those not sent while muted included
    /** @type {AudioContext | null} */
    this.context = null;
    stream.getAudioTracks()[0].addEventListener('ended', () => this.onended());
  }

  /** Whether the browser takes what it plays out of what it hears. */
  get cancelsEcho() {
    return this.stream.getAudioTracks()[0].getSettings().echoCancellation === true;
  }

  async close() {
    this.stream.getTracks().forEach((track) => track.stop());
    await this.context?.close();
  }

  async #start() {
    const context = (this.context = new AudioContext());
    const source = await this.#source();
    await this.context.audioWorklet.addModule(new URL('./mic_worklet.js', import.meta.url));
    await this.context.resume();
    const node = new AudioWorkletNode(this.context, 'avatar-mic', { numberOfOutputs: 0, channelCount: 1 });
    node.port.onmessage = ({ data }) => this.#hear(data.pcm, data.frame);
    source.connect(node);
    return context;
  }

  // Firefox refuses a microphone whose rate is another than the context's.
  async #source() {
    try {
      return /** @type {AudioContext} */ (this.context).createMediaStreamSource(this.stream);
    } catch (error) {
      const rate = this.stream.getAudioTracks()[0].getSettings().sampleRate;
      if (!rate) throw new MicError('failed', String(error));
      await this.context?.close();
      this.context = new AudioContext({ sampleRate: rate });
      return this.context.createMediaStreamSource(this.stream);
    }
  }

  /** @param {Int16Array} pcm @param {number} frame of the context, of its first sample */
  #hear(pcm, frame) {
    const context = /** @type {AudioContext} */ (this.context);
    const first = this.count;
    this.count += pcm.length;
    if (this.muted) return;
    const nowS = performance.now() / 1000;
    this.onpiece(pcm, first, nowS - (context.currentTime - frame / context.sampleRate) - (context.baseLatency ?? 0));
  }
}
