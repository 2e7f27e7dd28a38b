/* The page: a form, a text that grows, and what is said of it. Text only ever becomes text. */

const byId = name => document.getElementById(name);
const facts = JSON.parse(byId("facts").textContent);
const form = byId("request"), paper = byId("paper"), told = byId("told");
const COLOURED_BITS = 10, SLICE_MS = 25, SHOWN_EVERY_MS = 100, LOG2 = Math.log(2);
const ENDS = {end: "The model ended its text.", stop: "The stop text came.",
  length: "The length was reached.", halt: "Halted."};

function bytesOf(base64) {
  const raw = atob(base64), found = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k++) found[k] = raw.charCodeAt(k);
  return found;
}

function openModel() {
  const network = new Network(facts, bytesOf(byId("weights").textContent), bytesOf(facts.kernel));
  return {network, codec: openCodec(facts.codec)};
}

/* What the form asks for; a message where it asks for nothing that can be. */
function readRequest() {
  const number = (name, words, isGood, least) => {
    const text = byId(name).value.trim();
    if (text === "" && least === null) return null;
    const value = Number(text);
    if (text === "" || !isGood(value)) throw {field: name, words};
    return value;
  };
  const isCount = value => Number.isInteger(value) && value >= 1;
  const seed = byId("seed").value.trim();
  if (!/^[-+]?\d{1,19}$/.test(seed)) throw {field: "seed", words: "Seed: a whole number."};
  return {
    prompt: byId("prompt").value,
    label: byId("label") ? Number(byId("label").value) : 0,
    seed: BigInt(seed.replace("+", "")),
    temperature: number("temperature", "Temperature: a number from 0.", value => value >= 0
      && value < Infinity),
    topK: number("top-k", "Top-k: a whole number from 1, or nothing.", isCount, null),
    topP: number("top-p", "Top-p: above 0 and at most 1, or nothing.",
      value => value > 0 && value <= 1, null),
    stop: unescaped(byId("stop").value),
    length: number("length", "Length: a whole number from 1.", isCount),
  };
}

/* \n, \t and \\ as on the command line. */
function unescaped(text) {
  const meant = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"};
  return text.replace(/\\[nt\\]/g, each => meant[each]);
}

/* The same request for a shell. */
function commandLine(request) {
  const quoted = text => /^[\w./:+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
  const options = [["--prefix", request.prompt], ["--seed", String(request.seed)],
    ["--temperature", request.temperature === 1 ? "" : String(request.temperature)],
    ["--top-k", request.topK === null ? "" : String(request.topK)],
    ["--top-p", request.topP === null ? "" : String(request.topP)],
    ["--stop", byId("stop").value], ["--max-steps", String(request.length)]];
  if (request.label > 0) options.push(["--label", facts.codec.labels[request.label - 1]]);
  if (facts.hasCritic) options.push(["--resample", "1"]);
  if (facts.hasInt8) options.push(["--precision", "fp32"]);
  const written = options.filter(each => each[1] !== "")
    .map(([name, value]) => value.startsWith("-") ? `${name}=${quoted(value)}`
      : `${name} ${quoted(value)}`);
  return ["serinette generate", quoted(facts.name), ...written].join(" ");
}

let model = null, writer = null, begun = 0, shownAt = 0, nCharacters = 0, last = null;
const channel = new MessageChannel();
channel.port1.onmessage = () => slice();

function tint(bitsOfOne) {
  return "s" + Math.round(7 * Math.min(1, bitsOfOne / COLOURED_BITS));
}

/* Neighbours of one tint share an element. */
function show(written) {
  const isAtEnd = paper.scrollHeight - paper.scrollTop - paper.clientHeight < 40;
  let run = "";
  for (const {text, nats} of written) {
    const tinted = tint(nats / LOG2);
    if (last === null || last.className !== tinted) {
      if (run) last.append(run);
      run = "";
      last = document.createElement("span");
      last.className = tinted;
      paper.append(last);
    }
    run += text.replace(/[\x00-\x08\x0b-\x1f]/, pictured);
  }
  if (run) last.append(run);
  nCharacters += written.length;
  if (isAtEnd) paper.scrollTop = paper.scrollHeight;
}

function pictured(control) {
  return String.fromCharCode(0x2400 + control.charCodeAt(0));
}

function slice() {
  if (writer === null) return;
  const until = performance.now() + SLICE_MS;
  while (writer.reason === null && performance.now() < until) writer.step();
  // Laying out a growing text costs more than a few symbols: ten times a second is enough.
  if (until - shownAt > SHOWN_EVERY_MS || writer.reason !== null) {
    show(writer.take());
    shownAt = until;
  }
  if (writer.reason !== null) finish(writer.reason);
  else channel.port2.postMessage(null);
}

function write() {
  let request;
  for (const each of form.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
  byId("problem").textContent = "";
  try {
    request = readRequest();
  } catch (problem) {
    if (!problem.field) throw problem;
    byId("problem").textContent = problem.words;
    byId(problem.field).setAttribute("aria-invalid", "true");
    byId(problem.field).focus();
    return;
  }
  model ??= openModel();
  writer = new Writer(model.network, model.codec, request);
  [begun, nCharacters, last] = [performance.now(), 0, null];
  paper.replaceChildren();
  if (request.prompt !== "") {
    const prompt = document.createElement("span");
    prompt.className = "given";
    prompt.textContent = request.prompt;
    paper.append(prompt);
  }
  paper.setAttribute("aria-busy", "true");
  byId("write").textContent = "Halt";
  byId("command").textContent = commandLine(request);
  byId("shell").hidden = false;
  // On a telephone the text grows below the form.
  if (paper.getBoundingClientRect().top > 0.6 * innerHeight) paper.scrollIntoView();
  told.textContent = "Writing …";
  channel.port2.postMessage(null);
}

function finish(reason) {
  const seconds = (performance.now() - begun) / 1000, figure = new Intl.NumberFormat("en");
  const words = [ENDS[reason]];
  if (nCharacters > 0) {
    const pace = figure.format(Math.round(nCharacters / Math.max(seconds, 1e-3)));
    words.push(`${figure.format(nCharacters)} characters, ${pace} a second, `
      + `${(writer.nats / LOG2 / nCharacters).toFixed(2)} bits each.`);
  }
  if (writer.nUnknown > 0) words.push(`${writer.nUnknown} of the beginning never occurred in training.`);
  if (!model.network.isFast) words.push("This browser has no vectors of WebAssembly: slow.");
  told.textContent = words.join(" ");
  writer = null;
  byId("write").textContent = "Write";
  paper.setAttribute("aria-busy", "false");
}

function toggle() {
  if (writer === null) write();
  else halt();
}

function halt() {
  show(writer.take());
  finish("halt");
}

form.addEventListener("submit", event => {
  event.preventDefault();
  toggle();
});
byId("another").addEventListener("click", () => {
  if (writer !== null) halt();
  const seed = byId("seed").value.trim();
  if (/^[-+]?\d{1,18}$/.test(seed)) byId("seed").value = String(BigInt(seed.replace("+", "")) + 1n);
  write();
});
byId("copy").addEventListener("click", async () => {
  const range = document.createRange(), selection = getSelection();
  range.selectNodeContents(paper);
  selection.removeAllRanges();
  selection.addRange(range);
  try {
    await navigator.clipboard.writeText(paper.textContent);
    told.textContent = "Copied.";
  } catch {
    told.textContent = "Selected: copy it with your keys.";
  }
});
byId("is-coloured").addEventListener("change", event => {
  paper.classList.toggle("plain", !event.target.checked);
});
document.addEventListener("keydown", event => {
  if (event.key === "Escape" && writer !== null) halt();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    toggle();
  }
});
byId("temperature").addEventListener("input", event => {
  byId("heat").textContent = Number(event.target.value).toFixed(2);
});
document.querySelector(".desk").hidden = false;
