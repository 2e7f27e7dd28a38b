"""Saved models of texts with small random networks of any shape: what is exported in tests."""

import tiny_models

from serinette.artifact.folder import ArtifactContents, load, save
from serinette.artifact.int8_graph import build_int8_graph
from serinette.artifact.step_graph import build_step_graph
from serinette.core.config import plain
from serinette.kinds.text.characters import CharacterAlphabet
from serinette.kinds.text.codec import TextCodec
from serinette.kinds.text.facts import Facts
from serinette.kinds.text.octets import ByteAlphabet
from serinette.kinds.text.words import WordAlphabet

TEXT = "Über den Wolken 'muß' die Freiheit, wohl — grenzenlos sein.\n春眠不覺曉,don't it? " * 3
CARD = '---\nlicense: "CC0-1.0"\n---\n# A model\n'


def codec_of(name, labels=()):
    alphabets = {
        "character": lambda: CharacterAlphabet.fit([TEXT], 200, 1),
        "word": lambda: WordAlphabet.fit([TEXT], 200, 1),
        "byte": ByteAlphabet,
    }
    return TextCodec(alphabets[name](), Facts({"label": tuple(labels)}))


def save_model(
    folder, codec="character", labels=(), seed=0, has_int8=False, int8_graph=None, **sizes
):
    """Save a model whose predictions are far from uniform, and load it."""
    a_codec = codec_of(codec, labels)
    config = tiny_models.config(**sizes)
    weights = tiny_models.weights(config, a_codec.schema, seed)
    weights["readout.bias"][a_codec.schema.end] = -9  # it seldom ends
    if has_int8:
        int8_graph = build_int8_graph(config, a_codec.schema, weights)
    save(
        folder,
        ArtifactContents(
            kind="text",
            schema=a_codec.schema,
            codec=a_codec.to_json(),
            model=plain(config),
            training={},
            source={"paths": ["/home/me/wolken.txt"]},
            evaluation={
                "metrics": [{"name": "bits per character", "value": 2.5, "baseline": 3.0, "n": 9}]
            },
            history=[{"update": 7, "seconds": 61.0, "metrics": {}}],
            weights=weights,
            graph=build_step_graph(config, a_codec.schema, weights),
            int8_graph=int8_graph,
            card=CARD,
        ),
    )
    return load(folder)
