import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError
from serinette.evaluation.membership import (
    calibrated_score,
    fewest_others,
    loss_score,
    membership,
    min_k_score,
)

scores = st.lists(st.integers(-4, 4), min_size=10, max_size=40)  # small, so that ties are common


def slow_tpr(members, others, fpr):
    """Take the lowest threshold among the scores of the others that accuses few enough."""
    best = 0.0
    for threshold in [*others, -np.inf]:
        if sum(x > threshold for x in others) <= fpr * len(others) + 1e-9:
            best = max(best, sum(x > threshold for x in members) / len(members))
    return best


def slow_auc(members, others):
    return np.mean([[(m > o) + (m == o) / 2 for o in others] for m in members])


def of(members, others, **settings):
    return membership(np.array(members, float), np.array(others, float), **settings)


@given(scores, scores, st.sampled_from([0.3, 0.5, 0.9]))
def test_rates_are_those_of_every_threshold_tried_in_turn(members, others, fpr):
    found = of(members, others, fpr=fpr)
    assert found.tpr == pytest.approx(slow_tpr(members, others, fpr))
    assert found.auc == pytest.approx(slow_auc(members, others))
    for x, y in found.roc:
        assert y == pytest.approx(slow_tpr(members, others, x))


@given(scores, scores)
def test_the_curve_rises_from_end_to_end(members, others):
    roc = of(members, others, fpr=0.5).roc
    assert roc[0][0] == 0
    assert roc[-1] == (1, 1)
    assert list(roc) == sorted(roc)


def test_ties_never_let_more_through_than_is_allowed():
    others = [0.0] * 297 + [1.0] * 3
    assert of([0.5, 1.0, 2.0], others, fpr=0.01).tpr == 1
    assert of([0.5, 1.0, 2.0], [0.0] * 296 + [1.0] * 4, fpr=0.01).tpr == pytest.approx(1 / 3)
    assert of([1.0] * 10, [1.0] * 300).tpr == 0  # all equal: nobody is found
    assert of([1.0] * 10, [1.0] * 300).auc == 0.5


def test_scores_that_say_nothing_find_what_guessing_finds():
    draw = np.random.default_rng(0).normal
    found = of(draw(size=2000), draw(size=2000))
    assert found.interval[0] < 0.01 < found.interval[1]
    assert found.auc_interval[0] < 0.5 < found.auc_interval[1]


def test_intervals_hold_the_figure_repeat_and_widen_with_groups():
    draw = np.random.default_rng(1).normal
    members, others = draw(size=(100, 10)) + 1, draw(size=(100, 10))
    members, others = (np.sort(side.ravel()) for side in (members, others))  # alike in a group
    first, again = (of(members, others, seed=3) for _ in range(2))
    assert first == again
    assert first.interval[0] < first.tpr < first.interval[1]
    groups = np.arange(1000) // 10, np.arange(1000) // 10
    wide = of(members, others, groups=groups, seed=3)
    assert (wide.tpr, wide.auc) == (first.tpr, first.auc)
    spans = [high - low for low, high in (first.auc_interval, wide.auc_interval)]
    assert spans[1] > 2 * spans[0]


def test_the_order_of_pieces_changes_nothing_but_chance():
    draw = np.random.default_rng(2).normal
    members, others = draw(size=400) + 2, draw(size=400)
    groups = np.arange(400) // 4
    shuffled = np.random.default_rng(3).permutation(400)
    one = of(members, others, groups=(groups, groups))
    other = of(members[shuffled], others, groups=(groups[shuffled], groups))
    assert one == other
    assert one == of(members, others[shuffled], groups=(groups, groups[shuffled]))


def test_a_rate_that_is_a_whole_number_of_pieces_is_met_in_full():
    members, others = np.full(4, 70.5), np.arange(100.0)
    assert of(members, others, fpr=0.29).tpr == 1  # 29 of the others are above 70
    assert of(members, others, fpr=0.28).tpr == 0


def test_a_side_of_one_group_has_no_interval():
    found = of([1.0, 2.0], np.arange(300), groups=(np.zeros(2, int), np.arange(300)))
    assert found.interval is None
    assert found.auc_interval is None


@pytest.mark.parametrize(
    ("n_members", "n_others", "fpr", "message"),
    [
        (5, 299, 0.01, "rate of 1 % needs at least 300 held-out pieces, got 299; hold out more"),
        (5, 2_999, 0.001, "rate of 0.1 % needs at least 3,000 held-out pieces, got 2,999"),
        (0, 300, 0.01, "membership inference needs training pieces, got none"),
        (5, 300, 0.0, "must be above 0 and below 1, got 0"),
        (5, 300, 1.0, "must be above 0 and below 1, got 1"),
    ],
)
def test_what_cannot_be_said_is_refused(n_members, n_others, fpr, message):
    with pytest.raises(ConfigError, match=message):
        of(np.zeros(n_members), np.zeros(n_others), fpr=fpr)


def test_three_false_alarms_are_enough():
    assert [fewest_others(fpr) for fpr in (0.001, 0.01, 0.07)] == [3000, 300, 43]
    assert of([1.0], np.zeros(300)).n_others == 300


def test_attacks_score_what_is_better_known_higher():
    nats = np.array([1.0, 5.0, 2.0, 4.0, 3.0])
    assert loss_score(nats) == -3
    assert calibrated_score(nats, np.array([4.0, 5.0])) == 1.5
    assert min_k_score(nats) == -5
    assert min_k_score(nats, 0.5) == -4.5
    assert min_k_score(nats, 0.01) == -5
    assert min_k_score(nats, 1.0) == loss_score(nats)
    assert min_k_score(np.arange(100.0), 0.29) == -85
