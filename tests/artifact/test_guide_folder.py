import re
from dataclasses import replace

import numpy as np
import pytest
from guided_models import SIZES, guide_weights, reseal
from safetensors.numpy import save as tensor_bytes

from serinette.artifact import folder as artifact
from serinette.core.errors import ArtifactError, DivergedError

WEIGHTS = guide_weights(5, 3)


@pytest.fixture
def guide():
    return artifact.Guide(sizes=SIZES, candidates=4, window=9, weights=WEIGHTS)


@pytest.fixture
def saved(tmp_path, contents, guide):
    artifact.save(tmp_path / "m", replace(contents, guide=guide))
    return tmp_path / "m"


def test_a_guide_comes_back_as_it_was_saved(saved, guide):
    found = artifact.load(saved).guide()
    assert (found.sizes, found.candidates, found.window) == (SIZES, 4, 9)
    assert found.weights.keys() == WEIGHTS.keys()
    for name, weight in found.weights.items():
        np.testing.assert_array_equal(weight, WEIGHTS[name])
        assert weight.dtype == np.float32
    artifact.save(
        saved, replace(contents_of(saved), guide=replace(guide, window=None)), replace=True
    )
    assert artifact.load(saved).guide().window is None


def contents_of(saved):
    loaded = artifact.load(saved)
    names = ("kind", "schema", "codec", "model", "training", "source", "evaluation", "history")
    return artifact.ArtifactContents(
        weights=loaded.weights(),
        graph=loaded.graph(),
        card=loaded.card,
        **{name: getattr(loaded, name) for name in names},
    )


def test_a_model_without_a_guide_is_written_and_read_as_before_there_were_any(tmp_path, contents):
    artifact.save(tmp_path / "old", contents)
    assert not (tmp_path / "old" / "critic.safetensors").exists()
    assert b"guide" not in (tmp_path / "old" / "config.json").read_bytes()
    loaded = artifact.load(tmp_path / "old")
    assert (loaded.guide(), loaded.guide_facts, loaded.warnings) == (None, None, ())


def test_a_guide_with_a_weight_that_is_not_finite_is_never_written(tmp_path, contents, guide):
    weights = {**WEIGHTS, "critic.out.bias": np.array([np.nan], dtype=np.float32)}
    with pytest.raises(DivergedError, match=r"weight 'critic.out.bias' holds NaN"):
        artifact.save(tmp_path / "m", replace(contents, guide=replace(guide, weights=weights)))
    assert not (tmp_path / "m").exists()


def shaped(name, shape):
    return tensor_bytes({**WEIGHTS, name: np.zeros(shape, dtype=np.float32)})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, r"it has no critic.safetensors"),
        (b"", r"critic.safetensors is cut off"),
        (b"{}" * 20, r"critic.safetensors is cut off"),
        (
            tensor_bytes({k: w for k, w in WEIGHTS.items() if k != "vectors"}),
            "'vectors' is missing",
        ),
        (
            shaped("vectors", (6, 3)),
            r"'vectors' is F32 \[6, 3\], the model's sizes ask for F32 \[5",
        ),
        (shaped("critic.odd", (1,)), "'critic.odd' is no weight"),
        (tensor_bytes({k: w * np.float32(np.inf) for k, w in WEIGHTS.items()}), "NaN or infinity"),
        (tensor_bytes({k: w.astype(np.float64) for k, w in WEIGHTS.items()}), "is F64"),
    ],
)
def test_a_damaged_critic_is_refused_in_one_line(saved, content, reason):
    reseal(saved, critic_safetensors=content)
    with pytest.raises(ArtifactError, match=reason) as caught:
        artifact.load(saved)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 5


def test_a_critic_that_was_changed_or_lost_on_disk_is_noticed(saved):
    path = saved / "critic.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ArtifactError, match=r"critic.safetensors"):
        artifact.load(saved)
    path.unlink()
    with pytest.raises(ArtifactError, match=r"critic.safetensors"):
        artifact.load(saved)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"candidates": 0}, "guide.candidates must be at least 1, got 0"),
        ({"candidates": 2.5}, "candidates must be a whole number"),
        ({"candidates": "many"}, "candidates must be a whole number"),
        ({"candidates": None}, "candidates must be a whole number"),
        ({"candidates": True}, "candidates must be a whole number"),
        ({"window": 0}, "guide.window must be at least 1, got 0"),
        ({"window": [3]}, "window must be a whole number"),
        ({"sizes": None}, "no object that holds the critic's sizes"),
        ({"sizes": ["cnn"]}, "no object that holds the critic's sizes"),
        ({"sizes": {"network": "rnn"}}, "network must be"),
        ({"sizes": {"chanels": 3}}, "did you mean 'channels'"),
        ({"sizes": {"channels": 0}}, "channels must be at least 1, got 0"),
        ({"sizes": {"packing": 2}}, "by their neighbours"),
        ({"sizes": {"minibatch_spread": True}}, "by their neighbours"),
        ({"sizes": {"n_dense": 10**9}}, "layers"),
        ({"sizes": {"network": "lstm", "n_layers": 10**9}}, "layers"),
        ({"speed": 3}, "unknown setting 'speed'"),
    ],
)
def test_facts_of_a_guide_that_cannot_be_are_refused_in_one_line(saved, change, reason):
    reseal(saved, config=lambda settings: settings["guide"].update(change))
    with pytest.raises(ArtifactError, match=re.escape(reason)) as caught:
        artifact.load(saved)
    assert str(saved / "config.json") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("guide_facts", [3, [], "yes", {}, False])
def test_a_guide_that_is_no_object_is_refused(saved, guide_facts):
    reseal(saved, config=lambda settings: settings.update(guide=guide_facts))
    with pytest.raises(ArtifactError, match="no object that holds the critic's sizes"):
        artifact.load(saved)


@pytest.mark.parametrize("name", ["candidates", "window"])
def test_a_guide_that_lacks_a_fact_is_refused(saved, name):
    reseal(saved, config=lambda settings: settings["guide"].pop(name))
    with pytest.raises(ArtifactError, match=name):
        artifact.load(saved)
