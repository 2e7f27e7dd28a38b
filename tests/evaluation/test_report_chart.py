import math
import re
from itertools import combinations

import invented_report
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.core.chart import Axis, Chart, Line
from serinette.evaluation.report.chart_svg import NARROW, WIDE, chart_svg
from serinette.evaluation.report.labels import Box, placed, text_width, wrapped

CHARTS = [
    chart
    for part in (invented_report.evaluation(), *invented_report.evaluation().sections)
    for chart in part.charts
]


def drawn(*lines, x=None, y=None, width=WIDE):
    chart = Chart(title="T", x=x or Axis(label="x"), y=y or Axis(label="y"), lines=lines)
    return chart_svg(chart, width=width, name="c")


def line(*points, **facts):
    return Line(name=facts.pop("name", "a"), points=points, **facts)


def circles(svg):
    """Return the places of all round markers but the legend's, which comes first."""
    found = re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)"', svg)
    return [(float(x), float(y)) for x, y in found[1:]]


def texts(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def tick_places(svg):
    """Return the places of the labels of x and of y, by label."""
    pattern = r'<text class="tick (\w+)" x="([-\d.]+)" y="([-\d.]+)">([^<]*)<'
    found = re.findall(pattern, svg)
    across = {label: float(x) for way, x, _, label in found if way == "middle"}
    upwards = {label: float(y) - 4 for way, _, y, label in found if way == "end"}
    return across, upwards


def test_a_point_stands_where_the_ticks_say():
    svg = drawn(line((2.0, 30.0), (5.0, 10.0), (4.0, 35.0)))
    across, upwards = tick_places(svg)
    unit_x = (across["5.0"] - across["2.0"]) / 3
    unit_y = (upwards["30"] - upwards["10"]) / 20
    for (x, y), (left, top) in zip(((2, 30), (5, 10), (4, 35)), circles(svg), strict=True):
        assert left == pytest.approx(across["2.0"] + unit_x * (x - 2), abs=0.2)
        assert top == pytest.approx(upwards["10"] + unit_y * (y - 10), abs=0.2)


def test_on_a_logarithmic_axis_a_geometric_mean_stands_in_the_middle():
    svg = drawn(line((1.0, 1.0), (10.0, 1.0), (100.0, 3.0)), x=Axis(label="x", scale="log"))
    (first, _), (middle, _), (last, _) = circles(svg)
    assert middle == pytest.approx((first + last) / 2, abs=0.11)
    assert tick_places(svg)[0]["10"] == pytest.approx(middle, abs=0.11)


def test_an_empty_chart_says_so():
    for svg in (drawn(), drawn(line(name="nobody"))):
        assert "nothing to show" in texts(svg)
        assert "left out" not in svg


def test_one_point_stands_in_the_middle():
    ((x, y),) = circles(drawn(line((3.0, 7.0))))
    across, upwards = tick_places(drawn(line((3.0, 7.0))))
    assert x == pytest.approx(across["3.0"])
    assert y == pytest.approx(sum(upwards.values()) / len(upwards), abs=12)


def test_what_has_no_place_is_left_out_and_said():
    bad = ((math.nan, 1.0), (1.0, math.inf), (0.0, 1.0))
    svg = drawn(line((1.0, 1.0), *bad, (10.0, 2.0)), x=Axis(label="x", scale="log"))
    assert len(circles(svg)) == 2
    assert texts(svg)[-1] == "3 points are left out: not a number, or beyond the axes."
    one = drawn(line((1.0, 1.0), (2.0, 9.0)), y=Axis(label="y", high=5.0))
    assert texts(one)[-1].startswith("1 point is left out")
    assert "left out" not in drawn(line((1.0, 1.0)))


def test_points_that_are_left_out_do_not_stretch_the_axes():
    assert "900" not in drawn(line((1.0, 1.0), (900.0, math.nan), (2.0, 2.0)))


def strokes(svg):
    """Return how many corners each stretch of a line has; the legend's line has one."""
    return [
        run.count("L") + 1
        for d in re.findall(r'class="stroke" d="([^"]*)"', svg)
        for run in d.split("M")[1:]
    ]


def test_a_line_is_interrupted_where_a_point_is_missing():
    points = [(float(x), 1.0) for x in range(7)]
    assert strokes(drawn(line(*points)))[1:] == [7]
    points[3] = (3.0, math.nan)
    assert strokes(drawn(line(*points)))[1:] == [3, 3]
    points[1] = (1.0, math.nan)
    assert strokes(drawn(line(*points)))[1:] == [3]


def test_points_that_are_not_joined_have_no_line():
    assert strokes(drawn(line((0.0, 0.0), (1.0, 1.0), is_joined=False))) == []


def test_a_long_line_is_drawn_with_no_more_points_than_can_be_seen():
    points = [(k / 5000, math.sin(k / 300)) for k in range(5001)]
    svg = drawn(line(*points))
    assert not circles(svg)
    assert len(svg) < 40_000


def test_a_band_is_as_high_as_its_ends():
    svg = drawn(line((0.0, 5.0), (10.0, 5.0), band=((2.0, 8.0), (4.0, 6.0))))
    upwards = tick_places(svg)[1]
    corners = re.search(r'class="band" d="M([^z]*)z"', svg)[1].split("L")
    heights = [float(corner.split()[1]) for corner in corners]
    for height, y in zip(heights, (2, 4, 6, 8), strict=True):
        assert height == pytest.approx(upwards[str(y)], abs=0.2)


def test_a_point_with_a_band_has_a_bar():
    svg = drawn(line((1.0, 5.0), band=((4.0, 6.0),), is_joined=False))
    assert re.search(r'class="bar" d="M[\d.]+ [\d.]+V[\d.]+"', svg)
    assert 'class="bar"' not in drawn(line((1.0, 5.0), band=((math.nan, 6.0),)))


def test_lines_of_one_role_differ_in_colour_and_marks():
    names = re.findall(
        r'class="(series [^"]*)"', drawn(*(line((1.0, 1.0), role="other") for _ in range(5)))
    )
    assert len(set(names[:4])) == 4  # fmt: skip
    svg = drawn(*(line((1.0, 1.0), role=role) for role in ("model", "other", "floor", "baseline")))
    marks = re.findall(r'"/>(<(?:circle|path) [^>]*[mr][^>]*>)</g>', svg)
    assert len({re.sub(r"[cxy=\"\d. -]", "", mark) for mark in marks[:4]}) >= 2


def test_the_picture_is_told_in_words():
    svg = drawn(line((1.0, 2.5), (3.0, 1234.5), name="<ours>"), line(name="none"))
    assert '<title id="c-title">T</title>' in svg
    told = re.search(r'<desc id="c-desc">([^<]*)</desc>', svg)[1]
    assert told == (
        "Across: x; upwards: y. &lt;ours&gt;: 2 points from (1, 2.500) to (3, 1,234). "
        "none: no points."
    )
    assert 'role="img"' in svg
    assert 'aria-labelledby="c-title c-desc"' in svg


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.title[:8])
def test_no_word_of_a_chart_is_cut_off(chart, width):
    svg = chart_svg(chart, width=width)
    height = float(re.search(r'height="(\d+)"', svg)[1])
    pattern = r'<text(?: class="([^"]*)")? x="([-\d.]+)" y="([-\d.]+)">([^<]*)</text>'
    for style, x, y, text in re.findall(pattern, svg):
        extent = text_width(text, 12.0)
        share = 1.0 if "end" in style else 0.5 if "middle" in style else 0.0
        left = float(x) - share * extent
        assert left >= -1
        assert left + extent <= width + 4
        assert 12 <= float(y) <= height - 3
    for line in chart.lines:
        assert line.name.split()[0] in svg


def test_names_that_are_too_long_are_broken_into_lines():
    svg = drawn(line((1.0, 1.0), name="word " * 40), line((2.0, 1.0), name="short"), width=NARROW)
    assert sum(text.startswith("word") for text in texts(svg)) >= 4
    assert wrapped("", 12.0, 100.0) == []
    assert wrapped("aaaaaaaaaaaaaaaaaaaaaaaa b", 12.0, 30.0) == ["a" * 24, "b"]
    assert text_width("春花", 12.0) == 24.0


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6, unique=True))
def test_labels_of_points_that_are_apart_never_touch(cells):
    points = [(60 + 90.0 * x, 30 + 60.0 * y) for x, y in cells]
    frame = Box(0.0, 0.0, 600.0, 400.0)
    named = [(point, f"T=0.{k}") for k, point in enumerate(points)]
    boxes = placed(named, markers=points, curves=[points], frame=frame, size=12.0)
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    for box in boxes:
        assert not any(box.holds(point) for point in points)
        assert 0 <= box.left < box.right <= 600
        assert 0 <= box.top < box.bottom <= 400
    for (x, y), box in zip(points, boxes, strict=True):
        assert box.left - 30 < x < box.right + 30
        assert box.top - 30 < y < box.bottom + 30


def test_labels_of_one_place_stand_in_different_places():
    points = [(100.0, 100.0), (101.0, 100.0), (100.0, 101.0), (101.0, 101.0)]
    boxes = placed(
        [(point, "word") for point in points],
        markers=points,
        curves=[],
        frame=Box(0.0, 0.0, 200.0, 200.0),
        size=12.0,
    )
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


def test_a_label_avoids_the_line():
    (box,) = placed(
        [((50.0, 50.0), "word")],
        markers=[(50.0, 50.0)],
        curves=[[(50.0, 50.0), (200.0, 50.0)]],
        frame=Box(0.0, 0.0, 200.0, 100.0),
        size=12.0,
    )
    assert box.right < 50 or box.bottom < 50 or box.top > 50
