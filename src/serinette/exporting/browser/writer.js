/* One sample, symbol by symbol: what `serinette generate` does with one row. */

/* Hold back what may become the stop text, so that nothing shown is ever taken back. */
class StopMatcher {
  constructor(stop) {
    this.stop = Array.from(stop);
    this.held = [];
    this.hasStopped = false;
  }
  /* Take one written character; return those that are now certain. */
  push(written) {
    this.held.push(written);
    const n = this.stop.length;
    if (n === 0) return this.held.splice(0);
    if (this.endsWith(n)) {
      this.hasStopped = true;
      return this.held.splice(0).slice(0, -n);
    }
    let kept = Math.min(this.held.length, n - 1);
    while (!this.endsWith(kept)) kept--;
    return this.held.splice(0, this.held.length - kept);
  }
  /* Whether the last characters held are the first `n` of the stop text. */
  endsWith(n) {
    const from = this.held.length - n;
    return from >= 0 && this.stop.slice(0, n).every((each, k) => each === this.held[from + k].text);
  }
}

class Writer {
  /* request: prompt, label, seed (BigInt), temperature, topK, topP (null: off), stop, length. */
  constructor(network, codec, request) {
    this.network = network;
    this.request = request;
    this.sampler = new Sampler(request);
    this.key = streamKey(request.seed, 0n);
    this.toRead = [END, ...codec.encode(request.prompt)];
    this.nUnknown = this.toRead.filter(symbol => symbol === MISSING).length;
    this.rules = codec.rules();
    if (this.rules) for (const symbol of this.toRead.slice(1)) this.rules.advance(symbol);
    this.streamer = codec.streamer();
    this.matcher = new StopMatcher(request.stop);
    this.nDrawn = 0;
    this.nats = 0;
    this.waiting = 0;
    this.reason = null;
    this.written = [];
    network.start(request.label);
  }
  /* Read or draw one symbol; `reason` says when and why it is over. */
  step() {
    this.network.advance(this.toRead.shift());
    if (this.toRead.length === 0) this.draw(this.network.logits());
  }
  draw(logits) {
    const left = this.request.length - this.nDrawn;
    const allows = this.rules && (symbol => this.rules.allows(symbol, left));
    const symbol = this.sampler.draw(logits, allows, uniform(this.key, this.nDrawn));
    const nats = surprisal(logits, symbol);
    this.nDrawn++;
    this.nats += nats;
    if (symbol === END) this.finish("end");
    else this.write(this.streamer.push(symbol), nats);
    if (this.rules) this.rules.advance(symbol);
    if (this.reason === null && left === 1) this.finish("length");
    this.toRead.push(symbol);
  }
  /* Pass text on with its surprisal; a byte that completes no character adds to the next one. */
  write(text, nats) {
    this.waiting += nats;
    for (const each of text) {
      this.written.push(...this.matcher.push({text: each, nats: this.waiting}));
      if (this.matcher.hasStopped) {
        this.reason = "stop";
        return;
      }
    }
    if (text) this.waiting = 0;
  }
  finish(reason) {
    this.write(this.streamer.flush(), 0);
    this.written.push(...this.matcher.held.splice(0));
    this.reason = this.reason ?? reason;
  }
  /* Return what was written since the last call: characters with their surprisal in nats. */
  take() {
    return this.written.splice(0);
  }
}
