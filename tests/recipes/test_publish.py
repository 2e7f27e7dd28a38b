import os
import shutil

import pytest
from invented_text import sentences
from untrained_model import save_untrained, strict_json, write_lines

from serinette.artifact.card import with_evaluation
from serinette.artifact.folder import load
from serinette.core.durable import verify_folder
from serinette.core.errors import ArtifactError, ConfigError, ResourceError
from serinette.core.metric import Metric
from serinette.evaluation.report.content import Evaluation, Section, Verdict
from serinette.recipes.evaluate.publish import publish, save_report

CARD = """---
license: mit
---

# notes

What I wrote myself, with a | and a `word`.

## Evaluation

old figures

## Samples

```text
## Evaluation of a sample
```
"""


def evaluation(value=1.5):
    metric = Metric(name="bits per character", key="bpc", value=value, unit="bits",
                    better="lower", n=100)  # fmt: skip
    return Evaluation(
        subject="notes",
        headline="Nothing is\nwrong.",
        verdicts=(Verdict(light="green", name="Prediction", sentence="Good.", rule="a rule"),),
        sections=(Section(key="prediction", title="Prediction", intro="x", metrics=(metric,)),),
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    place = tmp_path_factory.mktemp("publish")
    path = write_lines(place / "lines.txt", sentences(60, 1))
    save_untrained(place / "model", [path], card=CARD, data__documents="line")
    return place / "model"


@pytest.fixture
def folder(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "model")
    return tmp_path / "model"


def test_the_report_stands_in_the_folder_and_the_folder_still_verifies(folder):
    before = load(folder)
    assert publish(evaluation(), before) == (folder / "report.html",)
    assert verify_folder(folder) == ()
    after = load(folder)
    assert after.warnings == ()
    assert after.weights().keys() == before.weights().keys()
    assert after.graph() == before.graph()
    assert b"Prediction" in (folder / "report.html").read_bytes()
    plain = strict_json((folder / "evaluation.json").read_text("utf-8"))
    assert Evaluation.from_json(plain["report"]) == evaluation()
    assert plain["metrics"] == before.evaluation["metrics"]


def test_what_people_wrote_on_the_card_stays(folder):
    publish(evaluation(), load(folder))
    card = (folder / "README.md").read_text("utf-8")
    assert "old figures" not in card
    assert "| bits per character | 1.5 bits |" in card
    assert "Nothing is wrong." in card
    before, after = CARD.split("## Evaluation\n\nold figures\n")
    assert card.startswith(before)
    assert card.endswith(after)


def test_a_second_evaluation_takes_the_place_of_the_first(folder):
    publish(evaluation(1.5), load(folder))
    publish(evaluation(2.5), load(folder))
    card = (folder / "README.md").read_text("utf-8")
    assert card.count("## Evaluation\n") == 1
    assert "2.5 bits" in card
    assert "1.5 bits" not in card


def test_what_people_wrote_while_the_evaluation_ran_stays_too(folder):
    artifact = load(folder)
    card = folder / "README.md"
    card.write_text(card.read_text("utf-8").replace("myself", "myself just now"), "utf-8")
    publish(evaluation(), artifact)
    assert "myself just now" in card.read_text("utf-8")
    assert verify_folder(folder) == ()


def test_a_model_that_was_replaced_meanwhile_gets_no_report(folder, tmp_path):
    artifact = load(folder)
    shutil.rmtree(folder)
    path = write_lines(tmp_path / "other.txt", sentences(70, 2))
    save_untrained(folder, [path], data__documents="line")
    with pytest.raises(ArtifactError, match="holds another model by now; evaluate it again"):
        publish(evaluation(), artifact)
    assert not (folder / "report.html").exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(folder):
    folder.parent.chmod(0o500)
    try:
        with pytest.raises(ResourceError, match=r"give another place with -o report\.html"):
            publish(evaluation(), load(folder))
    finally:
        folder.parent.chmod(0o700)


def test_a_full_disk_leaves_the_model_as_it_was(folder, monkeypatch):
    artifact = load(folder)
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}

    def refuse(*_arguments):
        raise ResourceError("the disk is full")

    monkeypatch.setattr("serinette.core.disk.create", refuse)
    with pytest.raises(ResourceError, match="the disk is full; give another place with -o"):
        publish(evaluation(), artifact)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == contents
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_a_report_is_a_page_or_json_by_its_name(tmp_path):
    page, plain = tmp_path / "new" / "r.html", tmp_path / "r.json"
    assert save_report(evaluation(), page) == (page,)
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    save_report(evaluation(), plain)
    assert Evaluation.from_json(strict_json(plain.read_text("utf-8"))) == evaluation()
    with pytest.raises(ConfigError, match=r"r.txt: a report's name must end in .html or .json"):
        save_report(evaluation(), tmp_path / "r.txt")


METRICS = evaluation().metrics
SECTION = with_evaluation("", METRICS, "good").strip()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# a\n", "# a\n\n{}\n"),
        ("# a\n\n## Evaluation\n", "# a\n\n{}\n"),
        ("# a\n\n## Evaluation\nold\n\n# b\n", "# a\n\n{}\n\n# b\n"),
        ("# a\n\n## Evaluation\nold\n### detail\nx\n\n## b\n", "# a\n\n{}\n\n## b\n"),
        ("### Evaluation\nmine\n", "### Evaluation\nmine\n\n{}\n"),
        ("# a\r\n\r\n## Evaluation\r\nold\r\n\r\n## b\r\n", "# a\r\n\r\n{}\n\r\n## b\r\n"),
        ("## Evaluation of a friend\nx\n", "## Evaluation of a friend\nx\n\n{}\n"),
    ],
)
def test_only_the_section_of_that_name_is_replaced(before, after):
    assert with_evaluation(before, METRICS, "good") == after.format(SECTION)
    assert with_evaluation(after.format(SECTION), METRICS, "good") == after.format(SECTION)
