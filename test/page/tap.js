// What comes out of a source, as it is, to the page.

class Tap extends AudioWorkletProcessor {
  process([[sound]]) {
    if (sound) this.port.postMessage(Int16Array.from(sound, (x) => Math.max(-32768, Math.min(32767, Math.round(x * 32768)))));
    return true;
  }
}

registerProcessor('tap', Tap);
