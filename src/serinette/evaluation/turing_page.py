"""The sheet of a blind test as one page, to be answered on a phone, on a computer or on paper.

The page asks nothing of a network and runs only the script that is written here (its hash is the
only one that the page's own policy allows). Without the script it can be read and printed whole.
"""

import base64
import hashlib
from html import escape

from serinette.evaluation.turing import MARK, Sheet

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1b19; --paper: #fdfcf9; --faint: #66625b;
  --rule: #d9d4c8; --mark: #2a5a8c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9e6df; --paper: #181715; --faint: #a49e92; --rule: #3b3832; --mark: #8fbbe8; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 38rem; margin: 0 auto; padding: 2.5rem 1.25rem 6rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .75rem; }
h2 { font-size: 1.2rem; margin: 0 0 .5rem; }
fieldset, .end { border: 0; border-top: 1px solid var(--rule); margin: 2rem 0 0;
  padding: 1rem 0 0; }
legend { float: left; width: 100%; padding: 0; color: var(--faint); font-size: .875rem; }
.piece { clear: both; font: 1.125rem/1.6 Georgia, "Times New Roman", serif; margin: 0;
  padding: .5rem 0 .75rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.choices { display: flex; flex-wrap: wrap; gap: 0 1.5rem; }
label { display: inline-flex; align-items: center; gap: .5rem; min-height: 2.75rem; }
input { accent-color: var(--mark); width: 1.15rem; height: 1.15rem; margin: 0; }
.known { color: var(--faint); }
output { display: block; padding: .75rem; border: 1px solid var(--rule);
  font: .875rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; user-select: all; }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--mark);
  border-radius: .4rem; min-height: 2.75rem; padding: 0 1rem; margin: .75rem .5rem 0 0; }
.count { position: fixed; inset: auto 0 0; margin: 0; padding: .6rem; text-align: center;
  background: var(--paper); border-top: 1px solid var(--rule); font-size: .875rem; }
.scripted { display: none; }
.has-script .scripted { display: block; }
.has-script .plain { display: none; }
@page { margin: 16mm; }
@media print {
  body { font-size: 9.5pt; }
  .piece { font-size: 10.5pt; line-height: 1.35; }
  label { min-height: 0; }
  :root { --ink: #000; --paper: #fff; --faint: #444; --rule: #aaa; }
  main { max-width: none; padding: 0; }
  fieldset { break-inside: avoid; margin-top: 1rem; }
  .has-script .scripted { display: none; }
  .has-script .plain { display: block; } }
"""

_SCRIPT = """
const form = document.querySelector("form"), output = document.querySelector("output");
const count = document.querySelector(".count");
const pieces = Array.from(document.querySelectorAll("fieldset"));
function mark(piece) {
  const chosen = piece.querySelector("[type=radio]:checked");
  const known = piece.querySelector("[type=checkbox]").checked;
  return chosen ? (known ? chosen.value.toUpperCase() : chosen.value) : "-";
}
function show() {
  const marks = pieces.map(mark);
  output.value = `${form.dataset.mark} ${form.dataset.sheet} ${marks.join("")}`;
  const n = marks.filter(each => each !== "-").length;
  count.textContent = `${n} of ${pieces.length} answered`;
}
document.getElementById("copy").addEventListener("click", async event => {
  try { await navigator.clipboard.writeText(output.value); event.target.textContent = "Copied"; }
  catch { getSelection().selectAllChildren(output); }
});
document.getElementById("save").addEventListener("click", () => {
  const text = JSON.stringify({ answers: output.value }) + "\\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `answers-${form.dataset.sheet}.json`;
  link.click();
});
form.addEventListener("change", show);
document.documentElement.classList.add("has-script");
show();
"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>Below are {n} short pieces. People wrote some of them, a computer program the others, in
random order. Read each piece, then say which you think it is. Guess where you are not sure; leave
out what you cannot judge.</p>
<p>Tick <em>I know it</em> if you have met the piece before: it will not count.{cut}</p>
<p class="plain">On paper, tick the boxes. To send your answers as one line, write
<code>{mark} {sheet}</code> and then one letter a piece, in order, without spaces: <code>r</code>
for a person, <code>g</code> for a program, <code>R</code> or <code>G</code> if you know it,
<code>-</code> for no answer.</p>
<form autocomplete="off" data-mark="{mark}" data-sheet="{sheet}">
{pieces}
</form>
<section class="end scripted">
<h2>Your answers</h2>
<p>Send this line, or the file, to whoever gave you the page.</p>
<output></output>
<button type="button" id="copy">Copy the line</button>
<button type="button" id="save">Save as a file</button>
</section>
</main>
<p class="count scripted" role="status"></p>
<script>{script}</script>
</body>
</html>
"""

_PIECE = """<fieldset>
<legend>{number} of {n}</legend>
<p class="piece" dir="auto" lang="">{text}</p>
<div class="choices">
<label><input type="radio" name="piece-{number}" value="r"> a person</label>
<label><input type="radio" name="piece-{number}" value="g"> a program</label>
<label class="known"><input type="checkbox" name="known-{number}"> I know it</label>
</div>
</fieldset>"""

_CUT = " Pieces that end in “…” were cut there."


def sheet_html(sheet: Sheet, title: str) -> str:
    """Return the page; who wrote what is not in it.

    Args:
        sheet: The pieces; the key stays behind.
        title: What the page is called, plain text; it should not name the model's training text.
    """
    n = len(sheet.items)
    pieces = [
        _PIECE.format(number=number, n=n, text=escape(item.text))
        for number, item in enumerate(sheet.items, 1)
    ]
    policy = (
        f"default-src 'none'; style-src '{_hash(_STYLE)}'; script-src '{_hash(_SCRIPT)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy,
        title=escape(title),
        style=_STYLE,
        script=_SCRIPT,
        n=n,
        cut=_CUT if any(item.text.endswith("…") for item in sheet.items) else "",
        mark=MARK,
        sheet=sheet.digest,
        pieces="\n".join(pieces),
    )


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
