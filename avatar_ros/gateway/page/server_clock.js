// The server's time from the page's: of the last round trips the shortest is believed.

const KEPT = 8;

export class ServerClock {
  constructor() {
    /** @type {{tripS: number, offsetS: number}[]} */
    this.trips = [];
  }

  /** @param {number} sentS @param {number} gotS the page's time @param {number} serverS what the server's clock said */
  add(sentS, gotS, serverS) {
    if (!(gotS >= sentS) || !Number.isFinite(serverS)) return;
    this.trips.push({ tripS: gotS - sentS, offsetS: serverS - (sentS + gotS) / 2 });
    if (this.trips.length > KEPT) this.trips.shift();
  }

  get known() {
    return this.trips.length > 0;
  }

  /** The shortest round trip, s. */
  get tripS() {
    return this.known ? this.#best().tripS : NaN;
  }

  /** @param {number} pageS */
  toServer(pageS) {
    return this.known ? pageS + this.#best().offsetS : NaN;
  }

  /** @param {number} serverS */
  toPage(serverS) {
    return this.known ? serverS - this.#best().offsetS : NaN;
  }

  #best() {
    return this.trips.reduce((best, trip) => (trip.tripS < best.tripS ? trip : best));
  }
}
