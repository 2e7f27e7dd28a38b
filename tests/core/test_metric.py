import json

from serinette.core.metric import Metric


def test_a_metric_is_plain_values():
    metric = Metric(
        name="bits per character",
        value=2.1,
        unit="bits",
        better="lower",
        n=11,
        interval=(2.0, 2.2),
        baseline=2.4,
    )
    plain = json.loads(json.dumps(metric.to_json()))
    assert Metric.from_json(plain) == metric
    assert plain == {
        "name": "bits per character",
        "value": 2.1,
        "unit": "bits",
        "better": "lower",
        "n": 11,
        "interval": [2.0, 2.2],
        "baseline": 2.4,
        "floor": None,
        "floor_interval": None,
        "key": "",
        "setting": "",
        "seed": None,
        "note": "",
    }
