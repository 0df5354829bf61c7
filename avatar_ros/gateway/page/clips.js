// The avatar's own head movements, chosen by the conversation's state and blended so that nothing jumps: as
// render/clip_mixer.py.

import { IDENTITY, mixMatrices, rigid, smoothstep } from './pose.js';

/** @typedef {import('./avatar_file.js').Clip} Clip */

/** For each state: what is played once at its beginning, then what is played in turn. @type {Record<string, [string[], string[]]>} */
const CLIPS_BY_STATE = {
  idle: [[], ['idle']],
  listening: [[], ['listen']],
  thinking: [['think_part_1'], ['think_part_2']],
  speaking: [[], ['speak_1', 'speak_2', 'speak_3', 'speak_4']],
};
const BLEND_S = 0.6;
const GREET_AFTER_S = 60;

/** @param {Clip} clip */
const durationS = (clip) => (clip.keys.length / 16 - 1) / clip.hz;

/** The head's matrix, linear between keys. @param {Clip} clip @param {number} timeS */
export function clipAt(clip, timeS) {
  const last = clip.keys.length / 16 - 1;
  const x = Math.min(Math.max(timeS * clip.hz, 0), last);
  const k = Math.min(Math.floor(x), last);
  const after = Math.min(k + 1, last);
  return mixMatrices(clip.keys.subarray(16 * k, 16 * k + 16), clip.keys.subarray(16 * after, 16 * after + 16), x - k);
}

/** Clips from `sinceS` on: those of `first` once, those of `then` in turn for ever, each blended into the next. */
class Sequence {
  /** @param {Clip[]} first @param {Clip[]} then @param {number} sinceS */
  constructor(first, then, sinceS) {
    this.first = first;
    this.then = then;
    this.sinceS = sinceS;
    this.clips = [...first, ...then, ...then.slice(0, 1)];
    this.fadesS = this.clips.slice(1).map((b, k) => Math.min(BLEND_S, durationS(this.clips[k]) / 2, durationS(b) / 2));
  }

  /** @param {number} atS */
  at(atS) {
    const clips = this.clips;
    if (!clips.length) return IDENTITY;
    let timeS = this.#withinARound(Math.max(atS - this.sinceS, 0));
    for (let k = 0; k < this.fadesS.length; ++k) {
      const fadeS = this.fadesS[k];
      const followsS = durationS(clips[k]) - fadeS; // both play during the fade
      if (timeS < followsS) return clipAt(clips[k], timeS);
      timeS -= followsS;
      if (timeS < fadeS) return mixMatrices(clipAt(clips[k], followsS + timeS), clipAt(clips[k + 1], timeS), smoothstep(timeS / fadeS));
    }
    return clipAt(clips[clips.length - 1], timeS);
  }

  /** @param {number} timeS */
  #withinARound(timeS) {
    if (!this.then.length) return timeS;
    const stepsS = this.fadesS.map((fadeS, k) => durationS(this.clips[k]) - fadeS);
    const sum = (/** @type {number[]} */ numbers) => numbers.reduce((a, b) => a + b, 0);
    const beginsS = sum(stepsS.slice(0, this.first.length)) + this.fadesS[this.fadesS.length - 1];
    const roundS = sum(stepsS.slice(this.first.length));
    return roundS > 0 ? timeS - Math.max(0, Math.floor((timeS - beginsS) / roundS)) * roundS : 0;
  }
}

/** The head's matrix at an instant: the state's clips, cross-faded while both play on. */
export class ClipMixer {
  /** @param {Clip[]} clips @param {number} amount 0 switches them off, 1 plays them as they were made */
  constructor(clips, amount = 0.5) {
    this.clips = clips;
    this.amount = amount;
    this.state = '';
    /** @type {number | null} */
    this.spokeS = null;
    this.playing = [new Sequence([], [], -Infinity)]; // the last one counts, earlier ones fade
  }

  /** @param {string} state @param {number} nowS */
  setState(state, nowS) {
    const greets = state === 'speaking' && (this.spokeS === null || nowS - this.spokeS > GREET_AFTER_S);
    if (state === 'speaking' || this.state === 'speaking') this.spokeS = nowS;
    if (state === this.state || !(state in CLIPS_BY_STATE)) return;
    this.state = state;
    let [first, then] = CLIPS_BY_STATE[state].map((names) => this.#found(names));
    if (state === 'listening' && !then.length) then = this.#found(['idle']);
    if (greets) first = [...this.#found(['hello']), ...first];
    const current = this.playing[this.playing.length - 1].then;
    const same = then.length === current.length && then.every((clip, k) => clip === current[k]);
    if (first.length || !same) this.playing.push(new Sequence(first, then, nowS));
  }

  /** @param {number} atS */
  at(atS) {
    if (this.amount <= 0) return IDENTITY;
    while (this.playing.length > 1 && atS >= this.playing[1].sinceS + BLEND_S) this.playing.shift();
    let matrix = this.playing[0].at(atS);
    for (const sequence of this.playing.slice(1)) {
      matrix = mixMatrices(matrix, sequence.at(atS), smoothstep((atS - sequence.sinceS) / BLEND_S));
    }
    return rigid(mixMatrices(IDENTITY, matrix, this.amount));
  }

  /** @param {string[]} names LAM's files put the animator's own prefix before them */
  #found(names) {
    const clip = (/** @type {string} */ name) => this.clips.find((c) => c.name === name) ?? this.clips.find((c) => c.name.endsWith('_' + name));
    return /** @type {Clip[]} */ (names.map(clip).filter(Boolean));
  }
}
