import json
import os
import shutil
import subprocess

import pytest

from serinette.exporting.page import computing_script

CALLS = r"""
const CALLS = {
  uniforms: (seed, row, n) => {
    const key = streamKey(BigInt(seed), BigInt(row));
    return Array.from({length: n}, (_, k) => uniform(key, k));
  },
  encode: (facts, text) => openCodec(facts).encode(text),
  draw: (settings, logits, u) => new Sampler(settings).draw(Float32Array.from(logits), null, u),
  stop: (stop, text) => {
    const matcher = new StopMatcher(stop), pieces = [];
    for (const each of text) {
      if (matcher.hasStopped) break;
      pieces.push(matcher.push({text: each, nats: 0}).map(one => one.text).join(""));
    }
    return {pieces, held: matcher.held.map(one => one.text).join(""),
      hasStopped: matcher.hasStopped};
  },
  open: (facts, weights) => {
    const code = Buffer.from(facts.kernel, "base64");
    network = new Network(facts, new Uint8Array(Buffer.from(weights, "base64")), code);
    codec = openCodec(facts.codec);
    return network.isFast;
  },
  slow: () => { network.kernel = kernelInScript(network.memory); return true; },
  logits: (label, symbols) => {
    network.start(label);
    return symbols.map(symbol => { network.advance(symbol); return Array.from(network.logits()); });
  },
  write: request => {
    const writer = new Writer(network, codec, {...request, seed: BigInt(request.seed)});
    const written = [];
    while (writer.reason === null) { writer.step(); written.push(...writer.take()); }
    return {text: written.map(one => one.text).join(""), nats: writer.nats, n: writer.nDrawn,
      reason: writer.reason, shown: written.reduce((sum, one) => sum + one.nats, 0)};
  },
};
let network, codec;
require("readline").createInterface({input: process.stdin}).on("line", line => {
  const [name, ...rest] = JSON.parse(line);
  console.log(JSON.stringify(CALLS[name](...rest)));
});
"""


@pytest.fixture(autouse=True, scope="package")
def _without_waiting_for_the_platter():
    """That files are brought to the platter is tested where it is done, in `core`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def script(tmp_path_factory):
    """Call functions of the page's computing script, in Node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here to run the page's script")
    path = tmp_path_factory.mktemp("script") / "script.js"
    path.write_text(f'"use strict";\n{computing_script()}\n{CALLS}', encoding="utf-8")
    with subprocess.Popen(
        [node, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:

        def call(*message):
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield call
        process.stdin.close()
