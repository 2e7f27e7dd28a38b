/* The network: embedding, LSTM layers, read-out, one symbol at a time.

   Matrices lie in panels of 16 rows, column after column, so that one column of a panel is four
   vectors of four numbers. The kernel (WebAssembly, assembled by `exporting/assembly.py`) and the
   JavaScript beneath it add in the same order and round alike: they agree to the bit. */

const PANEL = 16;

function openMemory(nBytes) {
  return typeof WebAssembly === "object"
    ? new WebAssembly.Memory({initial: Math.ceil(nBytes / 65536)})
    : {buffer: new ArrayBuffer(nBytes)};
}

function kernelInScript(memory) {
  const values = new Float32Array(memory.buffer), round = Math.fround;
  return (weights, x, bias, y, nColumns, nPanels) => {
    const from = x >> 2, to = from + nColumns;
    for (let panel = 0; panel < nPanels; panel++) {
      for (let r = 0; r < PANEL; r += 4) {
        const row = panel * PANEL + r, at = (bias >> 2) + row;
        let a = values[at], b = values[at + 1], c = values[at + 2], d = values[at + 3];
        let w = (weights >> 2) + panel * PANEL * nColumns + r;
        for (let column = from; column < to; column++, w += PANEL) {
          const input = values[column];
          a = round(a + round(values[w] * input));
          b = round(b + round(values[w + 1] * input));
          c = round(c + round(values[w + 2] * input));
          d = round(d + round(values[w + 3] * input));
        }
        values.set([a, b, c, d], (y >> 2) + row);
      }
    }
  };
}

/* Return the fast kernel, or the slow one where the browser has no vectors of WebAssembly. */
function openKernel(code, memory) {
  try {
    const module = new WebAssembly.Module(code);
    return {isFast: true, run: new WebAssembly.Instance(module, {m: {m: memory}}).exports.k};
  } catch {
    return {isFast: false, run: kernelInScript(memory)};
  }
}

function halfToFloat(half) {
  const sign = half & 0x8000 ? -1 : 1, exponent = (half >> 10) & 31, fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/* Read one weight as float32, as `exporting/weights.py` wrote it. */
function readWeight(facts, bytes) {
  const [n, width] = [facts.shape.reduce((a, b) => a * b, 1), facts.shape.at(-1)];
  const cut = (at, size) => bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + size);
  if (facts.form === "fp32") return new Float32Array(cut(facts.at, 4 * n));
  if (facts.form === "fp16") {
    return Float32Array.from(new Uint16Array(cut(facts.at, 2 * n)), halfToFloat);
  }
  const whole = new Int8Array(cut(facts.at, n)), scales = readWeight(facts.scales, bytes);
  const found = new Float32Array(n);
  for (let k = 0; k < n; k++) found[k] = whole[k] * scales[Math.floor(k / width)];
  return found;
}

class Network {
  constructor(facts, bytes, kernelCode) {
    this.sizes = facts.sizes;
    this.weight = name => readWeight(facts.weights[name], bytes);
    this.embedding = this.weight("embedding.weight");
    this.context = facts.weights["contexts.0.weight"] ? this.weight("contexts.0.weight") : null;
    this.nSymbols = facts.weights["readout.bias"].shape[0];
    const {layers, total} = this.plan();
    this.memory = openMemory(total);
    this.values = new Float32Array(this.memory.buffer);
    this.layers = layers;
    this.fill();
    const kernel = openKernel(kernelCode, this.memory);
    this.isFast = kernel.isFast;
    this.kernel = kernel.run;
    this.start(0);
  }
  /* Say where everything lies in memory, in bytes. */
  plan() {
    const {embedding_size: width, hidden_size: hidden, n_layers: n, readout, tied} = this.sizes;
    let total = 0;
    const take = numbers => {
      const at = total;
      total += 4 * Math.ceil(numbers / PANEL) * PANEL;
      return at;
    };
    const matrix = (rows, columns) => {
      const nPanels = Math.ceil(rows / PANEL);
      return {rows, columns, nPanels, weights: take(nPanels * PANEL * columns),
        bias: take(rows), y: take(rows)};
    };
    const layers = [];
    for (let k = 0; k < n; k++) {
      const nInputs = k === 0 ? width : hidden;
      layers.push({...matrix(4 * hidden, nInputs + hidden), nInputs, x: take(nInputs + hidden),
        c: take(hidden)});
    }
    const joined = hidden * (readout === "concat" ? n : 1);
    this.hidden = take(joined);
    this.projection = tied ? matrix(width, joined) : null;
    this.readout = matrix(this.nSymbols, tied ? width : joined);
    return {layers, total};
  }
  fill() {
    const hidden = this.sizes.hidden_size;
    this.norms = [];
    this.layers.forEach((layer, k) => {
      const [input, own] = ["weight_ih_l0", "weight_hh_l0"]
        .map(name => this.weight(`layers.${k}.${name}`));
      this.pack(layer, (row, column) => column < layer.nInputs
        ? input[row * layer.nInputs + column] : own[row * hidden + column - layer.nInputs]);
      const [one, other] = ["bias_ih_l0", "bias_hh_l0"]
        .map(name => this.weight(`layers.${k}.${name}`));
      this.at(layer.bias, 4 * hidden).set(one.map((each, row) => each + other[row]));
      if (this.sizes.layer_norm) {
        this.norms.push([this.weight(`norms.${k}.weight`), this.weight(`norms.${k}.bias`)]);
      }
    });
    if (this.projection) {
      const weights = this.weight("projection.weight"), n = this.projection.columns;
      this.pack(this.projection, (row, column) => weights[row * n + column]);
    }
    const table = this.sizes.tied ? this.embedding : this.weight("readout.weight");
    this.pack(this.readout, (row, column) => table[row * this.readout.columns + column]);
    this.at(this.readout.bias, this.nSymbols).set(this.weight("readout.bias"));
  }
  pack(matrix, value) {
    let at = matrix.weights >> 2;
    for (let panel = 0; panel < matrix.nPanels; panel++) {
      for (let column = 0; column < matrix.columns; column++) {
        for (let r = 0; r < PANEL; r++, at++) {
          const row = panel * PANEL + r;
          if (row < matrix.rows) this.values[at] = value(row, column);
        }
      }
    }
  }
  at(place, n) {
    return this.values.subarray(place >> 2, (place >> 2) + n);
  }
  multiply(matrix, x) {
    this.kernel(matrix.weights, x, matrix.bias, matrix.y, matrix.columns, matrix.nPanels);
    return this.at(matrix.y, matrix.rows);
  }
  /* Forget everything; `label` is a symbol of the context, 0 for none. */
  start(label) {
    const width = this.sizes.embedding_size;
    this.told = this.context ? this.context.subarray(label * width, (label + 1) * width) : null;
    for (const layer of this.layers) {
      this.at(layer.x, layer.columns).fill(0);
      this.at(layer.c, this.sizes.hidden_size).fill(0);
    }
  }
  /* Read one symbol. */
  advance(symbol) {
    const {embedding_size: width, hidden_size: hidden, readout} = this.sizes;
    const bottom = this.at(this.layers[0].x, width);
    bottom.set(this.embedding.subarray(symbol * width, (symbol + 1) * width));
    if (this.told) for (let k = 0; k < width; k++) bottom[k] += this.told[k];
    const joined = this.at(this.hidden, hidden * (readout === "concat" ? this.layers.length : 1));
    if (readout === "sum") joined.fill(0);
    this.layers.forEach((layer, k) => {
      const h = this.at(layer.x + 4 * layer.nInputs, hidden);
      step(this.multiply(layer, layer.x), this.at(layer.c, hidden), h);
      const out = this.norms.length ? normed(h, ...this.norms[k]) : h;
      if (k + 1 < this.layers.length) this.at(this.layers[k + 1].x, hidden).set(out);
      if (readout === "concat") joined.set(out, k * hidden);
      else if (readout === "sum") for (let i = 0; i < hidden; i++) joined[i] += out[i];
      else joined.set(out);
    });
  }
  /* Return the logits of what comes next; they are overwritten by the next call. */
  logits() {
    if (!this.projection) return this.multiply(this.readout, this.hidden);
    this.multiply(this.projection, this.hidden);
    return this.multiply(this.readout, this.projection.y);
  }
}

/* The LSTM's equations, gates in the order i, f, g, o. */
function step(gates, c, h) {
  const n = c.length;
  for (let k = 0; k < n; k++) {
    const i = sigmoid(gates[k]), f = sigmoid(gates[n + k]);
    const g = hyperbolic(gates[2 * n + k]), o = sigmoid(gates[3 * n + k]);
    const memory = f * c[k] + i * g;
    c[k] = memory;
    h[k] = o * hyperbolic(memory);
  }
}

function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}

/* The tangent by one exponential: a third of the time of Math.tanh, and exact to float32. */
function hyperbolic(x) {
  return 1 - 2 / (1 + Math.exp(2 * x));
}

function normed(h, scale, shift) {
  let mean = 0, spread = 0;
  for (const each of h) mean += each / h.length;
  for (const each of h) spread += (each - mean) ** 2 / h.length;
  const unit = 1 / Math.sqrt(spread + 1e-5);
  return h.map((each, k) => (each - mean) * unit * scale[k] + shift[k]);
}
