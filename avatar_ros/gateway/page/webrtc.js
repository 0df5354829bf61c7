// The microphone by WebRTC: one connection beside the socket, which carries what both sides say of it.

const FAILED = ['failed', 'disconnected', 'closed'];
let ids = 0;

export class RtcUplink {
  /**
   * @param {{ice_servers: RTCIceServer[], policy: RTCIceTransportPolicy, wait_s: number}} offered
   * @param {import('./microphone.js').Microphone} microphone @param {import('./connection.js').Connection} connection
   * @param {() => void} onfailed it does not connect in time, or does not go on
   */
  constructor(offered, microphone, connection, onfailed) {
    this.id = ++ids;
    this.connection = connection;
    this.flows = false; // the server hears it
    this.track = microphone.stream.getAudioTracks()[0].clone(); // its silence is its own
    const peer = (this.peer = new RTCPeerConnection({ iceServers: offered.ice_servers, iceTransportPolicy: offered.policy, bundlePolicy: 'max-bundle' }));
    this.timer = setTimeout(() => this.flows || onfailed(), offered.wait_s * 1000);
    peer.onconnectionstatechange = () => FAILED.includes(peer.connectionState) && onfailed();
    peer.onicecandidate = ({ candidate }) => this.#tell('rtc_candidate', { candidate: candidate?.candidate ?? '', mid: candidate?.sdpMid ?? '0' });
    peer.addTransceiver(this.track, { direction: 'sendonly' });
    this.#offer().catch((error) => {
      console.warn(error);
      onfailed();
    });
  }

  /** @param {string} sdp */
  answered(sdp) {
    this.peer.setRemoteDescription({ type: 'answer', sdp }).catch((error) => console.warn(error)); // the timer does the rest
  }

  /** The first sound has come there. */
  arrived() {
    this.flows = true;
    clearTimeout(this.timer);
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.track.enabled = !muted;
  }

  close() {
    clearTimeout(this.timer);
    this.peer.onconnectionstatechange = this.peer.onicecandidate = null;
    this.peer.close();
    this.track.stop();
    this.#tell('rtc_end', {});
  }

  async #offer() {
    await this.peer.setLocalDescription();
    const trip = this.connection.clock.tripS;
    this.#tell('rtc_offer', { sdp: this.peer.localDescription?.sdp, trip_s: Number.isFinite(trip) ? trip : 0 });
  }

  /** @param {string} kind @param {object} fields */
  #tell(kind, fields) {
    this.connection.send({ kind, id: this.id, ...fields });
  }
}
