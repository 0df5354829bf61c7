// Draws the face over and over: each picture shows the face of the instant at which it will be seen.

/** @typedef {import('./renderer_choice.js').Renderer} Renderer */
/** @typedef {{weights: ArrayLike<number>, head: ArrayLike<number>, sample: number, turn: number, lively: boolean}} Pose lively: it moves with a voice */

const WINDOW = 60; // pictures that the figures are made of
const MOST_REFRESH_S = 0.05;
const LIVELY_STEP_S = 1 / 65; // between two pictures at least, while it speaks
const WIDER = 1.5; // of a picture's usual time: the widest step between two that are due
const CALM_STEP_S = 1 / 33; // otherwise: nobody sees more, and batteries last longer

export class Painter {
  /** A picture has been handed to the screen. @type {(shown: {pose: Pose, atS: number, seenS: number}) => void} */
  onshown = () => {};

  /** @param {(atS: number) => Pose} poseAt what the face does at an instant of the page */
  constructor(poseAt) {
    this.poseAt = poseAt;
    /** @type {Renderer | null} */
    this.renderer = null;
    this.refreshS = 1 / 60; // between two refreshes of the screen
    this.lastRefreshS = 0;
    this.lastTargetS = 0;
    this.dueS = 0; // the next picture, by its step
    /** @type {number[]} */
    this.shownS = [];
    this.running = false;
    this.lively = false;
  }

  /** @param {Renderer | null} renderer */
  use(renderer) {
    this.renderer = renderer;
    this.lastTargetS = this.dueS = 0;
    if (renderer) renderer.onready = () => this.#begin();
    if (renderer && !this.running) {
      this.running = true;
      requestAnimationFrame(this.#refresh);
    }
  }

  stop() {
    this.running = false;
    this.renderer = null;
  }

  /** Pictures a second, of late. */
  get fps() {
    const times = this.shownS;
    return times.length < 2 ? 0 : (times.length - 1) / (times[times.length - 1] - times[0]);
  }

  /** @param {number} nowMs */
  #refresh = (nowMs) => {
    if (!this.running) return;
    requestAnimationFrame(this.#refresh);
    const nowS = nowMs / 1000;
    const stepS = nowS - this.lastRefreshS;
    if (stepS > 0.002 && stepS < MOST_REFRESH_S) this.refreshS += 0.05 * (stepS - this.refreshS);
    this.lastRefreshS = nowS;
    this.#begin();
    this.#present(nowS);
    this.#begin();
  };

  /** @param {number} nowS */
  #present(nowS) {
    const seenS = nowS + this.refreshS;
    const tag = this.renderer?.present(seenS + 0.5 * this.refreshS);
    if (!tag) return;
    this.shownS.push(seenS);
    if (this.shownS.length > WINDOW) this.shownS.shift();
    this.onshown({ pose: tag.pose, atS: tag.atS, seenS });
  }

  #begin() {
    while (this.#beginOne());
  }

  // A picture that is begun now is finished after its cost, taken by the next refresh, and seen one later. One that is
  // finished early waits for its refresh, so that its cost is taken as that of a slow one.
  #beginOne() {
    const { renderer, lively, refreshS } = this;
    if (!renderer?.free) return false;
    const atS = renderer.kind === 'wasm' ? this.#targetS(renderer) : this.lastRefreshS + refreshS;
    const stepS = lively ? Math.max(LIVELY_STEP_S, renderer.stepS) : CALM_STEP_S;
    if (atS < this.dueS - 0.25 * refreshS || atS < this.lastTargetS + 0.5 * refreshS) return false;
    this.dueS = Math.max(this.dueS, atS - refreshS) + stepS; // refreshes that lie beside the step even out
    this.lastTargetS = atS;
    const pose = this.poseAt(atS);
    this.lively = pose.lively;
    renderer.submit(pose.weights, pose.head, { pose, atS });
    return true;
  }

  // Where pictures begin to take longer the next ones are due later and later, in small steps: one wide step would be a
  // face that stands still.
  /** @param {import('./renderer_wasm.js').WasmRenderer} renderer */
  #targetS({ costs, pace_ms }) {
    const { lively, refreshS, lastRefreshS } = this;
    const nowS = performance.now() / 1000;
    const soonestS = nowS + costs.usual(lively) / 1000;
    const smoothS = this.lastTargetS + (WIDER * pace_ms) / 1000;
    const doneS = Math.min(nowS + costs.sure(lively) / 1000, Math.max(soonestS, smoothS));
    return lastRefreshS + (Math.max(1, Math.ceil((doneS - lastRefreshS) / refreshS)) + 1) * refreshS;
  }
}
