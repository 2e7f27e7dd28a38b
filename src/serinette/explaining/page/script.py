"""What the page does: colour the text by a cell, draw curves, and tell of one place.

Everything it shows is in the page's own data block; text only ever becomes text.
"""

SCRIPT = r"""
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const NAMES = {c: "memory c", h: "output h", i: "input gate i", f: "forget gate f",
  g: "candidate g", o: "output gate o"};
const SVG = "http://www.w3.org/2000/svg";
const passage = document.querySelector(".passage"), panel = document.querySelector(".panel");
const byCell = document.getElementById("cell"), byGate = document.getElementById("gate");
const legend = document.querySelector(".legend");
const n = data.pieces.length;

function bytes(text) {
  const raw = atob(text), found = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k++) found[k] = raw.charCodeAt(k);
  return found;
}
function numbers(packed) {
  if (!packed.values) {
    const raw = bytes(packed.bytes), step = (packed.high - packed.low) / 255;
    packed.values = Float32Array.from(raw, each => packed.low + each * step);
  }
  return packed.values;
}
const bits = numbers(data.bits);
const symbols = data.alternatives ? new Uint16Array(bytes(data.alternatives.symbols).buffer) : null;
const chances = data.alternatives ? bytes(data.alternatives.chances) : null;
const cells = data.cells;
let at = -1, isPinned = false;

function make(name, className, text) {
  const found = document.createElement(name);
  if (className) found.className = className;
  if (text !== undefined) found.textContent = text;
  return found;
}
function pictured(control) {
  return String.fromCharCode(0x2400 + control.charCodeAt(0));
}
function shown(text) {
  const marks = {"\n": "⏎", "\t": "⇥", " ": "␣", "": "–"};
  return text in marks ? marks[text] : text.replace(/[\x00-\x08\x0b-\x1f]/g, pictured);
}

/* What is coloured or drawn: surprisal, or one number of one cell. */
function chosenCell() {
  return byCell.value === "" ? undefined : cells[Number(byCell.value)];
}
function chosen() {
  const cell = chosenCell();
  if (!cell) return {values: bits, name: "surprisal, bits", isSigned: false, most: 10};
  const gate = byGate.value, isSigned = "cgh".includes(gate);
  return {values: numbers(cell.gates[gate]), name: `${NAMES[gate]} of cell ${cell.name}`,
    isSigned, most: gate === "c" ? cell.most : 1};
}
function level(view, value) {
  if (view.isSigned) {
    const part = Math.max(-1, Math.min(1, value / view.most));
    return "d" + Math.round(4 + 4 * part);
  }
  const part = Math.max(0, Math.min(1, value / view.most));
  return "s" + Math.round(7 * part);
}
function showLegend(view) {
  legend.replaceChildren();
  if (data.curves.length) return;
  const format = each => Math.abs(each) >= 10 || Number.isInteger(each) ? String(Math.round(each))
    : each.toFixed(1);
  legend.append(make("span", "", view.isSigned ? format(-view.most) : "0"));
  const names = view.isSigned ? [0, 1, 2, 3, 4, 5, 6, 7, 8].map(k => "d" + k)
    : [0, 1, 2, 3, 4, 5, 6, 7].map(k => "s" + k);
  for (const name of names) legend.append(make("i", name));
  const isOpen = view.most === 10 && !view.isSigned;
  legend.append(make("span", "", format(view.most) + (isOpen ? "+" : "")));
}

/* A text: one element a symbol, tinted. */
const spans = [];
function buildText() {
  const starts = new Set(data.starts), parts = document.createDocumentFragment();
  data.pieces.forEach((piece, k) => {
    if (k > 0 && starts.has(k)) parts.append(make("hr"));
    const span = make("span", "", piece.replace(/[\x00-\x08\x0b-\x1f]/g, pictured));
    spans.push(span);
    parts.append(span);
  });
  passage.replaceChildren(parts);
  spans.forEach((span, k) => { span.dataset.k = k; });
}
function paintText(view) {
  for (let k = 0; k < n; k++) {
    const end = data.pieces[k].endsWith("\n") ? " break" : "";
    spans[k].className = level(view, view.values[k]) + end + (k === at ? " here" : "");
  }
}

/* A table: its columns and the chosen cell, one curve under the other. */
const rows = [];
function path(values, from, to, width, height, low, high) {
  const starts = new Set(data.starts);
  let d = "", isPen = false;
  for (let k = from; k < to; k++) {
    const value = values[k];
    if (value === null || Number.isNaN(value)) { isPen = false; continue; }
    if (starts.has(k)) isPen = false;
    const x = (k - from + .5) / (to - from) * width;
    const y = height - 3 - (value - low) / (high - low || 1) * (height - 6);
    d += `${isPen ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    isPen = true;
  }
  return d;
}
function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const each of values) {
    if (each === null || Number.isNaN(each)) continue;
    low = Math.min(low, each); high = Math.max(high, each);
  }
  return low <= high ? [low, high] : [0, 1];
}
function stroke(className, attributes, name = "line") {
  const found = document.createElementNS(SVG, name);
  for (const key in attributes) found.setAttribute(key, attributes[key]);
  found.setAttribute("class", className);
  return found;
}
function drawCurve(svg, values, from, to, isSigned) {
  const width = 1000, height = 100;
  let [low, high] = extent(values.slice(from, to));
  if (isSigned) { high = Math.max(Math.abs(low), Math.abs(high), 1e-6); low = -high; }
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.replaceChildren();
  if (low < 0 && high > 0) {
    const y = height - 3 + low / (high - low) * (height - 6);
    svg.append(stroke("zero", {x1: 0, x2: width, y1: y, y2: y}));
  }
  const d = path(values, from, to, width, height, low, high);
  svg.append(stroke("trace", {d}, "path"));
  if (at >= from && at < to) {
    const x = (at - from + .5) / (to - from) * width;
    svg.append(stroke("now", {x1: x, x2: x, y1: 0, y2: height}));
  }
}
function buildCurves() {
  passage.classList.add("curves");
  passage.replaceChildren();
  const wanted = [{name: () => chosen().name, values: () => chosen().values, isCell: true},
    ...data.curves.map(curve => ({name: () => curve.name, values: () => curve.values}))];
  for (const each of wanted) {
    const name = make("div", "name"), svg = document.createElementNS(SVG, "svg");
    name.append(make("span"), make("span"));
    passage.append(name, svg);
    rows.push({...each, label: name, svg});
  }
}
function paintCurves() {
  for (const row of rows) {
    const values = row.values(), value = at < 0 ? undefined : values[at];
    row.label.firstChild.textContent = row.name();
    row.label.lastChild.textContent = value === undefined || value === null ? ""
      : Number(value.toPrecision(5)).toString();
    drawCurve(row.svg, values, 0, n, row.isCell && chosen().isSigned);
  }
}

/* One place. */
function bar(low, value, high) {
  const holder = make("div", "bar"), fill = make("b", value < 0 ? "minus" : "");
  const zero = Math.max(0, -low / (high - low)), end = (value - low) / (high - low);
  fill.style.left = `${100 * Math.min(zero, end)}%`;
  fill.style.width = `${100 * Math.abs(end - zero)}%`;
  holder.append(fill);
  return holder;
}
function listing(entries) {
  const list = make("dl");
  for (const [name, value, low, number, high] of entries) {
    list.append(make("dt", "", name), make("dd", "", value), bar(low, number, high));
  }
  return list;
}
function group(title, content) {
  const found = make("div");
  found.append(make("p", "", title), content);
  return found;
}
function tell() {
  panel.replaceChildren();
  if (at < 0) {
    panel.append(make("h3", "", "Point at a place"), make("p", "",
      "Click or tap holds it; then the arrow keys walk. Click again to let go."));
    return;
  }
  const title = make("h3");
  title.append(make("span", "glyph", shown(data.pieces[at])), ` · ${bits[at].toFixed(2)} bits`);
  panel.append(title);
  if (symbols) {
    const width = data.alternatives.n, entries = [];
    for (let k = at * width; k < (at + 1) * width; k++) {
      const chance = chances[k] / 255;
      const name = shown(data.alternatives.names[symbols[k]]);
      entries.push([name, `${Math.round(100 * chance)} %`, 0, chance, 1]);
    }
    panel.append(group("expected here, before it was read", listing(entries)));
  }
  const cell = chosenCell() || cells[0];
  if (!cell) return;
  const entries = Object.keys(NAMES).map(gate => {
    const packed = cell.gates[gate], value = numbers(packed)[at];
    return [NAMES[gate], value.toFixed(2), packed.low, value, packed.high];
  });
  const about = `cell ${cell.name}, after it was read: ${cell.why}`;
  panel.append(group(about, listing(entries)));
  const gate = chosenCell() ? byGate.value : "c";
  const svg = document.createElementNS(SVG, "svg");
  const [from, to] = [Math.max(0, at - 60), Math.min(n, at + 61)];
  drawCurve(svg, numbers(cell.gates[gate]), from, to, "cgh".includes(gate));
  panel.append(group(`${NAMES[gate]} around here`, svg));
}
function moveTo(k) {
  if (spans.length && at >= 0) spans[at].classList.remove("here");
  at = k;
  if (spans.length && at >= 0) spans[at].classList.add("here");
  if (rows.length) paintCurves();
  tell();
}
function paint() {
  const view = chosen();
  byGate.disabled = !chosenCell();
  showLegend(view);
  if (rows.length) paintCurves(); else paintText(view);
  tell();
}
function placeOf(event) {
  if (rows.length) {
    const box = rows[0].svg.getBoundingClientRect();
    const k = Math.floor((event.clientX - box.left) / box.width * n);
    return Math.max(0, Math.min(n - 1, k));
  }
  const span = event.target.closest("span[data-k]");
  return span ? Number(span.dataset.k) : -1;
}
passage.addEventListener("pointermove", event => {
  const k = placeOf(event);
  if (!isPinned && k >= 0 && k !== at && event.pointerType !== "touch") moveTo(k);
});
passage.addEventListener("click", event => {
  const k = placeOf(event);
  if (k < 0) return;
  isPinned = !(isPinned && k === at);
  moveTo(k);
});
passage.addEventListener("keydown", event => {
  const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
  if (!step || n === 0) return;
  event.preventDefault();
  isPinned = true;
  moveTo(Math.max(0, Math.min(n - 1, at + step)));
  if (spans.length) spans[at].scrollIntoView({block: "nearest"});
});
byCell.addEventListener("change", paint);
byGate.addEventListener("change", paint);
document.addEventListener("click", event => {
  const button = event.target.closest("button[data-cell]");
  if (!button) return;
  byCell.value = button.dataset.cell;
  byGate.value = button.dataset.of;
  paint();
  document.getElementById("reading").scrollIntoView();
});
if (data.curves.length) buildCurves(); else buildText();
document.querySelector(".controls").hidden = false;
paint();
"""
