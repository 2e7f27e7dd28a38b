import errno
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from faulty_disk import FaultyDisk

from serinette.artifact import folder as artifact
from serinette.core import disk, durable
from serinette.core.errors import ArtifactError, ConfigError, DivergedError, ResourceError

VERIFIED = ("config.json", "codec.json", "model.safetensors", "decode.fp32.onnx", "history.jsonl")
LENIENT = ("README.md", "evaluation.json")


@pytest.fixture
def saved(tmp_path, contents):
    artifact.save(tmp_path / "m", contents)
    return tmp_path / "m"


def reseal(folder, **changes):
    """Change files and write a manifest that fits, as somebody who builds a bad model would."""
    files = dict(durable.read_folder(folder).files)
    files.update(changes)
    files = {name: content for name, content in files.items() if content is not None}
    durable.write_folder(folder, files, replace=True)


def reseal_config(folder, change):
    config = json.loads((folder / "config.json").read_text())
    change(config)
    reseal(folder, **{"config.json": json.dumps(config).encode()})


def test_an_artifact_comes_back_as_it_was_saved(saved, contents):
    loaded = artifact.load(saved)
    assert loaded.kind == "text"
    assert loaded.schema == contents.schema
    assert loaded.codec == contents.codec
    assert loaded.model == contents.model
    assert loaded.model_config.hidden_size == 2
    assert loaded.training == {"updates": 7}
    assert loaded.source == contents.source
    assert loaded.evaluation == {"validation_nats": 1.25, "broken": None}
    assert list(loaded.history) == list(contents.history)
    assert loaded.card == "# notes\n"
    assert loaded.graph() == contents.graph
    assert loaded.warnings == ()
    assert loaded.format == 1
    assert loaded.weights().keys() == contents.weights.keys()
    for name, array in loaded.weights().items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, contents.weights[name])


def test_the_folder_holds_what_the_design_lists(saved):
    assert sorted(os.listdir(saved)) == sorted([*VERIFIED, *LENIENT, "manifest.json"])


def test_what_was_loaded_stays_when_the_folder_is_replaced(saved, contents):
    loaded = artifact.load(saved)
    disk.remove(saved)
    assert loaded.graph() == contents.graph
    assert len(loaded.weights()) == len(contents.weights)


def test_a_name_that_is_taken_is_refused(saved, contents):
    with pytest.raises(ConfigError, match="m exists already; choose another name or remove it"):
        artifact.save(saved, contents)
    artifact.save(saved, replace(contents, kind="other"), replace=True)
    assert artifact.load(saved).kind == "other"


def test_a_diverged_model_is_not_saved(tmp_path, contents):
    weights = {**contents.weights, "readout.bias": np.full(5, np.inf, dtype=np.float32)}
    with pytest.raises(DivergedError, match=r"weight 'readout\.bias' holds NaN or infinity"):
        artifact.save(tmp_path / "m", replace(contents, weights=weights))
    assert os.listdir(tmp_path) == []


def check_every_flip(saved, stride):
    for name in (*VERIFIED, "manifest.json"):
        path = saved / name
        whole = path.read_bytes()
        for place in range(0, len(whole), stride):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << place % 8
            path.write_bytes(flipped)
            with pytest.raises(ArtifactError):
                artifact.load(saved)
        path.write_bytes(whole)
    for name in LENIENT:
        path = saved / name
        whole = path.read_bytes()
        for place in range(0, len(whole), stride):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << place % 8
            path.write_bytes(flipped)
            assert f"{path} was edited since it was saved" in artifact.load(saved).warnings
        path.write_bytes(whole)
    assert artifact.load(saved).warnings == ()


def test_flipped_bytes_are_noticed(saved):
    check_every_flip(saved, stride=23)


@pytest.mark.soak
def test_every_single_flipped_byte_is_noticed(saved):
    check_every_flip(saved, stride=1)


@pytest.mark.parametrize("name", VERIFIED)
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    with pytest.raises(ArtifactError, match=f"m/{name} is missing; restore it from a copy"):
        artifact.load(saved)
    reseal_without = {n: (saved / n).read_bytes() for n in VERIFIED if n != name}
    disk.remove(saved)
    durable.write_folder(saved, reseal_without)
    with pytest.raises(ArtifactError, match=f"not a saved model: it has no {name}"):
        artifact.load(saved)


@pytest.mark.parametrize("name", VERIFIED)
def test_a_truncated_file_is_named(saved, name):
    content = (saved / name).read_bytes()
    for length in (0, 1, len(content) // 2, len(content) - 1):
        (saved / name).write_bytes(content[:length])
        sizes = f"{length:,} bytes where {len(content):,} were saved"
        with pytest.raises(ArtifactError, match=f"m/{name} is damaged: {sizes}"):
            artifact.load(saved)


def test_a_file_of_another_model_is_named(saved, contents, tmp_path):
    weights = {name: array + 1 for name, array in contents.weights.items()}
    artifact.save(tmp_path / "other", replace(contents, weights=weights))
    foreign = (tmp_path / "other" / "model.safetensors").read_bytes()
    (saved / "model.safetensors").write_bytes(foreign)
    with pytest.raises(ArtifactError, match=r"model\.safetensors is not to be used: its SHA-256"):
        artifact.load(saved)


def test_a_folder_that_is_no_artifact_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match=r"is not a saved model: it has no manifest\.json"):
        artifact.load(tmp_path)
    with pytest.raises(ArtifactError, match="is not a saved model: there is no such folder"):
        artifact.load(tmp_path / "none")


def test_a_newer_format_is_refused_by_number(saved):
    reseal_config(saved, lambda config: config.update(format=9))
    message = r"config\.json has format 9, this version reads up to 1; upgrade serinette"
    with pytest.raises(ArtifactError, match=message):
        artifact.load(saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["schema"].update(context=[True]), "the schema cannot be read: .*; get the m"),
        (lambda c: c.update(network=[1]), r"network \[1\] is not known to this version"),
        (lambda c: c.pop("kind"), r"config\.json lacks a part: 'kind'; restore it"),
        (lambda c: c["model"].update(hiden=1), r"\[model\]: unknown setting 'hiden'"),
        (lambda c: c["model"].update(hidden_size="wide"), r"\[model\]: hidden_size"),
        (lambda c: c["model"].update(n_layers=0), r"n_layers must be at least 1, got 0"),
        (
            lambda c: c["model"].update(n_layers=10**12),
            r"safetensors: 16 tensors for 10{12} layers; restore",
        ),
        (
            lambda c: c["model"].update(hidden_size=3),
            r"weight '.*' is F32 .*, the model's sizes ask for F32",
        ),
        (lambda c: c["model"].update(tied=False), r"weight 'readout\.weight' is missing"),
        (lambda c: c["schema"].update(fields=[]), "a step of 0 fields: this version predicts one"),
        (lambda c: c["schema"]["fields"][0].pop("size"), "the schema cannot be read"),
        (lambda c: c.update(schema={}), "the schema cannot be read"),
    ],
)
def test_a_config_that_does_not_fit_is_refused_though_its_hash_does(saved, change, message):
    reseal_config(saved, change)
    with pytest.raises(ArtifactError, match=message):
        artifact.load(saved)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("codec.json", b"[]", r"codec\.json is not a JSON object"),
        ("codec.json", b"{", r"codec\.json is not JSON"),
        ("config.json", b"7", r"config\.json is not a JSON object"),
        ("history.jsonl", b'{"a": 1}\n{', r"history\.jsonl line 2 is not JSON"),
        ("decode.fp32.onnx", b"\x08\x09", "is not a step graph: it holds no graph"),
        ("model.safetensors", b"PK\x03\x04", r"model\.safetensors is cut off"),
    ],
)
def test_bad_files_are_refused_though_their_hashes_fit(saved, name, content, message):
    reseal(saved, **{name: content})
    with pytest.raises(ArtifactError, match=message):
        artifact.load(saved)


def test_a_weight_that_is_not_finite_is_refused_though_its_hash_fits(saved, contents):
    content = bytearray((saved / "model.safetensors").read_bytes())
    content[-4:] = np.float32(np.nan).tobytes()
    reseal(saved, **{"model.safetensors": bytes(content)})
    with pytest.raises(ArtifactError, match=r"weight '.*' holds NaN or infinity; restore it"):
        artifact.load(saved)


def test_what_people_edit_only_warns(saved):
    (saved / "README.md").write_text("my own words")
    (saved / "evaluation.json").write_text("{oops")
    (saved / "thoughts.txt").write_text("?")
    loaded = artifact.load(saved)
    assert loaded.card == "my own words"
    assert loaded.evaluation == {}
    found = "\n".join(loaded.warnings)
    assert "README.md was edited since it was saved" in found
    assert "evaluation.json is not JSON" in found
    assert "thoughts.txt is not part of what was saved" in found
    for name in LENIENT:
        (saved / name).unlink()
    assert artifact.load(saved).card == ""
    assert "README.md was removed since it was saved" in "\n".join(artifact.load(saved).warnings)


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO, errno.EACCES, "short"])
def test_a_save_that_fails_anywhere_leaves_the_old_model_whole(
    tmp_path, contents, monkeypatch, fault
):
    new = replace(contents, kind="new")
    for n in range(1000):
        disk.remove(tmp_path / "m")
        artifact.save(tmp_path / "m", contents)
        faulty = FaultyDisk(n, fault)
        monkeypatch.setattr(disk, "os", faulty)
        try:
            artifact.save(tmp_path / "m", new, replace=True)
        except ResourceError:
            assert faulty.has_failed
        finally:
            monkeypatch.setattr(disk, "os", os)
        durable.sweep_orphans(tmp_path)
        assert os.listdir(tmp_path) == ["m"]
        assert artifact.load(tmp_path / "m").kind in ("text", "new")
        if not faulty.has_failed:
            break
    assert 40 < n < 999


@pytest.mark.parametrize("fault", [errno.EIO, errno.EACCES, errno.EMFILE, "short"])
def test_a_load_that_fails_anywhere_says_so_in_one_line(saved, monkeypatch, fault):
    for n in range(1000):
        faulty = FaultyDisk(n, fault)
        monkeypatch.setattr(disk, "os", faulty)
        try:
            artifact.load(saved)
        except ResourceError as error:
            message = str(error)
            failed = True
        else:
            failed = False
        finally:
            monkeypatch.setattr(disk, "os", os)
        assert not failed or ("\n" not in message and "cannot be read" in message)
        if not faulty.has_failed:
            break
    assert 20 < n < 999


def test_loading_needs_no_torch_and_no_onnx(saved):
    script = """
import sys
for name in ("torch", "onnx"):
    sys.modules[name] = None
from pathlib import Path
from serinette.artifact.folder import load
load(Path(sys.argv[1])).weights()
"""
    subprocess.run([sys.executable, "-c", script, str(saved)], check=True)
