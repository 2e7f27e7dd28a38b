"""The page holds all it needs, may load nothing, and text in it is only text."""

import base64
import json
import re
from dataclasses import replace

import pytest
import text_models

from serinette.exporting.page import page
from serinette.recipes.page_contents import page_contents


@pytest.fixture(scope="module")
def contents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "wolken"
    return page_contents(text_models.save_model(folder, labels=("a", "b")), "int8")[0]


def test_it_refers_to_nothing_outside_and_only_its_own_script_runs(contents):
    html = page(contents)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe-inline" not in policy
    assert "unsafe-eval'" not in policy.replace("'wasm-unsafe-eval'", "")
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://", html)
    assert not re.search(r'\sstyle="|\son\w+="', html)


def test_names_and_facts_are_only_text(contents):
    evil = '</script><b onclick="x">&'
    changed = replace(
        contents, name=evil, told=[(evil, evil)], notes=[evil], headline=evil,
        codec={**contents.codec, "labels": [evil]},
    )  # fmt: skip
    html = page(changed)
    assert "<b " not in html
    assert html.count("</script>") == 3
    assert facts_of(html)["name"] == evil


def test_weights_and_vocabulary_stand_in_it_and_nothing_of_the_disk(contents):
    html = page(contents)
    raw = re.search(r'id="weights">([^<]*)<', html)[1]
    assert base64.b64decode(raw) == contents.weights.content
    facts = facts_of(html)
    assert facts["codec"]["labels"] == ["a", "b"]
    assert "wolken.txt" in html
    assert "/home/me" not in html


def test_it_tells_what_the_model_is_and_what_its_weights_lose(contents):
    told = dict(contents.told)
    assert told["bits per character"] == "2.500; a count model 3.000"
    assert told["trained for"] == "7 updates, 1 min 1 s"
    assert told["licence"] == "CC0-1.0"
    assert re.match(
        r"int8, one scale for every row; 0\.0 MB\. They lose 0\.\d{6} nats a character: the mean "
        r"divergence from the saved model over [\d,]+ characters that it wrote\. The text may",
        told["weights in this page"],
    )


def test_every_control_has_a_label(contents):
    html = page(contents)
    controls = re.findall(r'<(?:input|textarea|select) id="([^"]+)"', html)
    labelled = set(re.findall(r'<label for="([^"]+)"', html)) | {"is-coloured"}
    assert set(controls) == labelled
    assert "prompt" in controls


def facts_of(html):
    return json.loads(re.search(r'id="facts">(.*?)</script>', html, re.DOTALL)[1])
