"""Sentences of a little language, as many as are wanted: real text for tests that plant faults."""

import numpy as np

SUBJECTS = {
    "street": (
        ("man", "woman", "dog", "child", "crowd", "cyclist", "policeman", "horse", "vendor"),
        ("walks", "waits", "stands", "runs", "sleeps", "sings", "rides", "eats"),
        ("street", "corner", "bridge", "market", "park", "station", "bus", "square", "fountain"),
        ("old", "young", "tall", "red", "busy", "quiet", "wet", "sunny", "narrow", "crowded"),
    ),
    "sea": (
        ("whale", "sailor", "captain", "gull", "harpooner", "shark", "mate", "cook", "squall"),
        ("dives", "sails", "hauls", "drifts", "swims", "steers", "sinks", "spouts"),
        ("deck", "mast", "ocean", "harbour", "cabin", "hull", "reef", "island", "anchor"),
        ("salt", "stormy", "deep", "white", "foaming", "becalmed", "broken", "distant", "vast"),
    ),
}


def sentences(n, seed, subject="street"):
    """Return `n` sentences, a line each; words are drawn by falling frequency."""
    generator = np.random.default_rng(seed)
    nouns, verbs, places, kinds = SUBJECTS[subject]

    def pick(words):
        weights = 1 / np.arange(1, len(words) + 1)
        return str(generator.choice(words, p=weights / weights.sum()))

    def thing(words):
        kind = f"{pick(kinds)} " if generator.random() < 0.6 else ""
        return f"{pick(('a', 'the', 'one'))} {kind}{pick(words)}"

    def sentence():
        parts = [thing(nouns), pick(verbs), pick(("on", "near", "under", "behind")), thing(places)]
        if generator.random() < 0.5:
            parts += ["while", thing(nouns), pick(verbs)]
        if generator.random() < 0.3:
            parts += [pick(("by", "before")), thing(places)]
        return " ".join(parts) + " ."

    return [sentence() for _ in range(n)]


def shuffled_words(lines, seed):
    """Return the sentences with their words in an order of chance."""
    generator = np.random.default_rng(seed)
    return [" ".join(generator.permutation(line.split()).tolist()) for line in lines]


def noisy(lines, share, seed):
    """Return the sentences with a share of their letters replaced by others."""
    generator = np.random.default_rng(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"

    def one(letter):
        is_hit = letter.isalpha() and generator.random() < share
        return letters[generator.integers(26)] if is_hit else letter

    return ["".join(map(one, line)) for line in lines]
