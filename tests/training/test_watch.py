import pytest

from serinette.training.watch import watch


def history(train, validation):
    return [
        {"update": k, "seconds": k, "metrics": {"train_nats": t, "validation_nats": v}}
        for k, (t, v) in enumerate(zip(train, validation, strict=True))
    ]


CASES = {
    "over-fitting": ([2.0, 1.5, 1.2, 0.8], [2.0, 1.7, 1.6, 1.8]),
    "under-fitting": ([3.0, 2.5, 2.2, 2.0], [3.0, 2.5, 2.2, 2.0]),
    "diverging": ([2.0, 1.5, 1.6, 2.4], [2.0, 1.6, 1.65, 1.62]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_planted_case_is_named(name):
    verdicts = watch(history(*CASES[name]), n_characters=1_000_000)
    assert len(verdicts) == 1
    assert verdicts[0].startswith(name)


def test_too_little_text_is_named():
    verdicts = watch(history([2.0, 1.0, 0.5, 0.3], [2.2, 2.1, 2.0, 1.99]), n_characters=3000)
    assert verdicts == [
        "too little data: 3,000 characters are learnt by heart before their manner is; "
        "add text of the same kind"
    ]


def test_a_healthy_history_says_nothing():
    assert watch(history([2.0, 1.5, 1.4, 1.39], [2.1, 1.6, 1.55, 1.545])) == []


@pytest.mark.parametrize("lines", [[], [{"update": 1, "metrics": {"train_nats": 1.0}}]])
def test_nothing_measured_says_nothing(lines):
    assert watch(lines) == []


def test_a_game_is_judged_by_its_alarms_not_by_its_likelihood():
    lines = history(*CASES["over-fitting"])
    won = {"critic_real_accuracy": 1.0, "critic_fake_accuracy": 1.0}
    game = [
        {"update": k, "seconds": k, "phase": "adversarial", "metrics": line["metrics"] | won}
        for k, line in enumerate(lines)
    ]
    assert watch(lines + game[:1]) == []
    (verdict,) = watch(lines + game)
    assert verdict.startswith("critic has won")
