import json

import invented_report
import pytest

from serinette.core import plain_json
from serinette.core.errors import ArtifactError, ConfigError
from serinette.core.metric import Metric
from serinette.evaluation.report.content import Copied, Evaluation, Section, Specimen

WHOLE = invented_report.evaluation()


def test_an_evaluation_comes_back_from_plain_values():
    assert repr(Evaluation.from_json(WHOLE.to_json())) == repr(WHOLE)


def test_an_evaluation_comes_back_from_a_file_where_what_is_not_finite_is_null():
    written = plain_json.dump(WHOLE.to_json())
    again = Evaluation.from_json(plain_json.load(written, "evaluation.json"))
    assert plain_json.dump(again.to_json()) == written
    assert again.facts == WHOLE.facts
    assert again.metric("bpc") == WHOLE.metric("bpc")
    assert again.specimens[0].copied == WHOLE.specimens[0].copied


def test_an_interval_without_ends_comes_back_as_none():
    metric = Metric(name="x", key="x", value=1.0, unit="", better="real", n=1)
    plain = json.loads(json.dumps(WHOLE.to_json()))
    plain["sections"] = [
        {"key": "k", "title": "t", "intro": "", "metrics": [metric.to_json()]},
    ]
    plain["sections"][0]["metrics"][0].update(interval=[None, None], floor_interval=[1.0, None])
    assert Evaluation.from_json(plain).metric("x") == metric


def test_what_may_be_left_out_may_be_missing():
    plain = {"subject": "s", "headline": "h", "verdicts": [], "sections": [], "format": 1}
    assert Evaluation.from_json(plain) == Evaluation(
        subject="s", headline="h", verdicts=(), sections=()
    )


def test_a_format_of_the_future_is_refused():
    plain = {**WHOLE.to_json(), "format": 9}
    with pytest.raises(ArtifactError, match=r"^evaluation: format 9, this version reads 1; eval"):
        Evaluation.from_json(plain)


def test_a_figure_is_found_by_key_and_setting():
    assert WHOLE.metric("copy50", "T=0.8").value == 2.4
    assert len(WHOLE.metrics) == sum(len(section.metrics) for section in WHOLE.sections)


def test_a_figure_that_was_not_measured_is_named_with_the_nearest():
    with pytest.raises(
        ConfigError, match=r"^no metric 'cop50' was measured \(did you mean 'copy50'"
    ):
        WHOLE.metric("cop50")
    with pytest.raises(ConfigError, match=r"at setting 'T=2' \(measured at: T=0.6, T=0.8, T=1.0"):
        WHOLE.metric("bleu4", "T=2")
    with pytest.raises(ConfigError, match=r"'bpc' was not measured at setting 'T=2' .*: ''\)$"):
        WHOLE.metric("bpc", "T=2")
    empty = Evaluation(
        subject="", headline="", verdicts=(), sections=(Section(key="", title="", intro=""),)
    )
    with pytest.raises(ConfigError, match=r"^no metric 'bpc' was measured \(there are none\)$"):
        empty.metric("bpc")  # fmt: skip


@pytest.mark.parametrize("places", [((2, 1),), ((0, 6),), ((0, 3), (2, 4)), ((-1, 2),)])
def test_copied_stretches_lie_in_the_text_one_after_the_other(places):
    copied = tuple(Copied(start=start, stop=stop, source="a") for start, stop in places)
    with pytest.raises(ValueError, match="must be in order and within 0 to 5"):
        Specimen(setting="", text="12345", copied=copied)
    Specimen(setting="", text="12345", copied=(Copied(start=0, stop=5, source="a"),))
