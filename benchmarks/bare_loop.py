"""The paired peer of benchmarks/learning.py: a bare bf16 2x256 LSTM, as short as it can be written.

    python benchmarks/bare_loop.py TRAIN.txt HELD_OUT.txt SECONDS SEED

32 streams x 64 steps, AdamW 6e-3 to 0 by a cosine over the seconds that are left, counted from the
start of the process; then one stateful fp32 pass over the held-out text. Prints nats per character.
"""

import time

STARTED = time.monotonic()

import json  # noqa: E402 (the clock starts before torch is imported)
import math  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

ROWS, WINDOW, HIDDEN = 32, 64, 256


def main(train_path: str, held_out_path: str, seconds: float, seed: int) -> None:
    """Train for `seconds`, then measure."""
    torch.manual_seed(seed)
    torch.set_flush_denormal(True)
    text = Path(train_path).read_text(encoding="utf-8")
    held_out = Path(held_out_path).read_text(encoding="utf-8")
    ids = {c: i for i, c in enumerate(sorted(set(text)))}
    data = torch.tensor([ids[c] for c in text])
    data = data[: len(data) // ROWS * ROWS].view(ROWS, -1)
    embedding, lstm = nn.Embedding(len(ids), 64), nn.LSTM(64, HIDDEN, 2, batch_first=True)
    readout = nn.Linear(HIDDEN, len(ids))
    parameters = [*embedding.parameters(), *lstm.parameters(), *readout.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=6e-3)
    state, place, updates = None, 0, 0
    begun = time.monotonic() - STARTED
    while (now := time.monotonic() - STARTED) < seconds:
        if place + WINDOW + 1 > data.shape[1]:
            state, place = None, 0
        piece = data[:, place : place + WINDOW + 1]
        place += WINDOW
        share = (now - begun) / (seconds - begun)
        optimiser.param_groups[0]["lr"] = 6e-3 * (1 + math.cos(math.pi * share)) / 2
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden, new_state = lstm(embedding(piece[:, :-1]), state)
            logits = readout(hidden)
        loss = F.cross_entropy(logits.float().flatten(0, 1), piece[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        state = (new_state[0].detach(), new_state[1].detach())
        updates += 1
    targets = torch.tensor([ids[c] for c in held_out])
    inputs = torch.cat([torch.tensor([ids["\n"]]), targets[:-1]])
    nats, state = 0.0, None
    with torch.no_grad():
        for x, y in zip(inputs.split(1000), targets.split(1000), strict=True):
            hidden, state = lstm(embedding(x[None]), state)
            nats += float(F.cross_entropy(readout(hidden)[0], y, reduction="sum"))
    seconds_taken = round(now, 1)
    record = {"nats": nats / len(targets), "updates": updates, "seconds": seconds_taken}
    print(json.dumps(record))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
