/* From logits to one symbol: `decoding/sampler.py` and `decoding/filters.py` for one row, in the
   same order (rules, temperature, top-k, top-p, draw) and with the same one uniform number. */

const LEAST = 1e-200, MOST = 1e200;

class Sampler {
  constructor({temperature, topK, topP}) {
    this.isGreedy = temperature === 0;
    this.temperature = this.isGreedy ? 1 : temperature;
    this.topK = topK;
    this.topP = topP;
  }
  /* `allows(symbol)` says what the rules leave; null: everything. */
  draw(logits, allows, u) {
    if (this.topK === null && this.topP === null && allows === null) {
      return this.drawPlain(logits, u);
    }
    const shaped = Float64Array.from(logits, (each, symbol) =>
      symbol === MISSING || (allows !== null && !allows(symbol)) ? -Infinity
        : this.temperature === 1 ? each : each / this.temperature);
    if (this.topK !== null) keepTopK(shaped, this.topK);
    if (this.topP !== null) keepTopP(shaped, this.topP);
    return this.isGreedy ? likeliest(shaped) : drawShaped(shaped, u, Math.fround);
  }
  drawPlain(logits, u) {
    const perTemperature = 1 / this.temperature;
    const shaped = Float64Array.from(logits);
    shaped[MISSING] = -Infinity;
    if (this.isGreedy) return likeliest(shaped);
    const cumulative = new Float64Array(logits.length);
    let total = 0;
    for (let k = 0; k < logits.length; k++) {
      total += k === MISSING ? 0 : Math.exp(logits[k] * perTemperature);
      cumulative[k] = total;
    }
    if (total > LEAST && total < MOST) return firstAbove(cumulative, u * total);
    return drawShaped(shaped.map(each => each / this.temperature), u, each => each);
  }
}

function likeliest(values) {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k] > values[best]) best = k;
  return best;
}

function firstAbove(cumulative, mark) {
  let k = 0;
  while (k < cumulative.length - 1 && !(cumulative[k] > mark)) k++;
  return k;
}

/* `narrow` is Math.fround where the weights are float32 in Python. */
function drawShaped(shaped, u, narrow) {
  let highest = -Infinity, total = 0;
  for (const each of shaped) highest = Math.max(highest, each);
  const cumulative = shaped.map(each => {
    total += narrow(Math.exp(narrow(each - highest)));
    return total;
  });
  return firstAbove(cumulative, u * total);
}

/* Keep exactly the k likeliest; of equal ones those of the smaller numbers. */
function keepTopK(shaped, k) {
  if (k >= shaped.length) return;
  const cut = shaped.slice().sort()[shaped.length - k];
  let left = k;
  for (const each of shaped) if (each > cut) left--;
  for (let i = 0; i < shaped.length; i++) {
    if (shaped[i] > cut) continue;
    if (shaped[i] === cut && left > 0) left--;
    else shaped[i] = -Infinity;
  }
}

/* Keep the smallest set of likeliest symbols that has this share of the probability. */
function keepTopP(shaped, share) {
  if (share >= 1) return;
  const order = [];
  for (let k = 0; k < shaped.length; k++) if (shaped[k] > -Infinity) order.push(k);
  order.sort((a, b) => shaped[b] - shaped[a] || a - b);
  const highest = shaped[order[0]], reached = [];
  let total = 0;
  for (const k of order) {
    total += Math.exp(shaped[k] - highest);
    reached.push(total);
  }
  order.forEach((k, place) => {
    if (place > 0 && reached[place - 1] / total >= share) shaped[k] = -Infinity;
  });
}

/* Nats of a symbol under the network's own distribution. */
function surprisal(logits, symbol) {
  let highest = -Infinity, total = 0;
  for (const each of logits) highest = Math.max(highest, each);
  for (const each of logits) total += Math.exp(each - highest);
  return highest + Math.log(total) - logits[symbol];
}
