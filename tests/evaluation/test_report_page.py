import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import invented_report
import pytest

from serinette.core.metric import Metric
from serinette.evaluation.report.content import Evaluation, Section, Specimen, Verdict
from serinette.evaluation.report.numerals import decimals, numeral, span
from serinette.evaluation.report.page import page
from serinette.evaluation.report.style import DARK, LIGHT

WHOLE = invented_report.evaluation()
PAGE = page(WHOLE)
EMPTY = Evaluation(subject="nobody", headline="", verdicts=(), sections=())
VOID = {"meta", "link", "br", "img", "hr"}


class Outline(HTMLParser):
    """What a page is made of."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.links, self.headings = [], [], [], [], []
        self.attributes, self.text = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids += [facts["id"]] if "id" in facts else []
        self.links += [facts["href"]] if "href" in facts else []
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)


@pytest.mark.parametrize("text", [PAGE, page(EMPTY)], ids=["whole", "empty"])
def test_a_page_is_well_formed(text):
    outline = Outline(text)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert all(link.startswith("#") and link[1:] in outline.ids for link in outline.links)
    labelled = [v for _, name, v in outline.attributes if name == "aria-labelledby"]
    assert all(one in outline.ids for value in labelled for one in value.split())
    assert text.startswith('<!DOCTYPE html><html lang="en">')


def test_headings_are_in_order():
    headings = Outline(PAGE).headings
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(headings))


def test_a_page_needs_nothing_from_outside():
    outline = Outline(PAGE)
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & set(outline.tags)
    names = {name for _, name, _ in outline.attributes}
    assert not {"src", "srcset", "xlink:href", "action", "style"} & names
    assert not any(name.startswith("on") for name in names)
    assert "http" not in PAGE.replace("http-equiv", "")
    assert "url(" not in PAGE
    assert "@import" not in PAGE
    assert "default-src 'none'" in PAGE


def test_what_a_model_wrote_is_text_and_no_markup():
    assert "<script" not in PAGE
    assert (
        "&lt;script&gt;alert(&#x27;no&#x27;)&lt;/script&gt; &amp; &lt;b&gt;bold&lt;/b&gt;" in PAGE
    )
    for name in ("U+0007", "U+0000", "U+202E", "U+200F", "U+D83D"):
        assert f'<span class="control">{name}</span>' in PAGE
    assert "שלום עולם, 春花秋月何時了" in PAGE
    PAGE.encode("utf-8")


def test_every_word_of_an_evaluation_is_escaped():
    evil = "<i a=\"'>&\x00"
    metric = Metric(name=evil, key=evil, value=1.0, unit=evil, better="real", n=1, note=evil)
    chart = replace(WHOLE.charts[0], title=evil, note=evil)
    line = replace(chart.lines[0], name=evil, labels=(evil,))
    chart = replace(chart, x=replace(chart.x, label=evil), lines=(line,))
    section = Section(
        key=evil,
        title=evil,
        intro=evil,
        metrics=tuple(replace(metric, setting=s, floor=v) for s, v in ((evil, 1.0), ("b", 2.0))),
        charts=(chart,),
        notes=(evil,),
    )
    verdict = Verdict(light="red", name=evil, sentence=evil, rule=evil, setting=evil)
    copied = replace(WHOLE.specimens[0].copied[0], start=0, stop=3, source=evil)
    text = page(
        Evaluation(
            subject=evil,
            headline=evil,
            verdicts=(verdict,),
            sections=(section,),
            specimens=(Specimen(setting=evil, text=evil, copied=(copied,)),),
            facts={evil: evil},
            notes=(evil,),
        )
    )
    assert "<i" not in text
    assert "\x00" not in text
    assert Outline(text).open == []


def test_the_parts_stand_in_their_order():
    order = [
        WHOLE.headline,
        "Verdicts</h2>",
        "Samples</h2>",
        "Quality against diversity</h2>",
        *(f"{section.title}</h2>" for section in WHOLE.sections),
        "How it was measured</h2>",
        "What these figures cannot tell</h2>",
    ]
    places = [PAGE.index(part) for part in order]
    assert places == sorted(places)
    assert "<h2" not in page(EMPTY)


def test_every_figure_stands_with_all_that_it_is_measured_against():
    for section in WHOLE.sections:
        start = PAGE.index(f"{section.title}</h2>")
        part = PAGE[start : PAGE.index("</section>", start)]
        for metric in section.metrics:
            n = decimals(metric.value, metric.interval)
            assert numeral(metric.value, n, metric.unit) in part
            assert f"n\u00a0=\u00a0{metric.n:,}" in part
            assert metric.name in part
            assert metric.setting in part
            if metric.interval:
                assert span(metric.interval, n) in part
            if metric.floor_interval:
                assert span(metric.floor_interval, decimals(0.0, metric.floor_interval)) in part
            if metric.baseline is not None:
                assert (
                    f'data-label="Count model">{numeral(metric.baseline, n, metric.unit)}' in part
                )
            if metric.note:
                assert metric.note in part


def test_floors_that_differ_are_told_for_each_setting():
    figure = WHOLE.metric("copy50", "T=0.6")
    other = replace(figure, setting="T=0.8", floor=1.5, n=figure.n)
    section = replace(WHOLE.sections[2], metrics=(figure, other), charts=())
    text = page(replace(WHOLE, sections=(section,)))
    assert "T=0.6</span> 0.8\u202f%" in text
    assert "T=0.8</span> 1.5\u202f%" in text
    same = page(
        replace(WHOLE, sections=(replace(section, metrics=(figure, replace(other, floor=0.8))),))
    )
    assert 'data-label="Real text">0.8\u202f%</td>' in same  # fmt: skip


def test_a_light_is_never_colour_alone():
    for light, word in (
        ("green", "fine"),
        ("yellow", "look closer"),
        ("red", "problem"),
        ("none", "not judged"),
    ):
        found = re.findall(rf'is-{light}"><svg[^>]*>(<\w+ [^>]*>)</svg>{word}</span>', PAGE)
        assert found, word
    shapes = re.findall(r'class="lamp[^>]*><svg[^>]*>(<\w+ [^>]*>)', PAGE)
    assert len(set(shapes)) == 4


def test_verdicts_of_one_name_share_its_place_and_equal_ones_their_sentence():
    assert PAGE.count("<strong>Copying</strong>") == 1
    fine = "No more is copied from the training text than people repeat by themselves."
    assert PAGE.count(fine) == 1
    assert f'<span class="settings">T=1.0, top-p 0.95</span>{fine}' in PAGE
    assert PAGE.count("yellow above 1 point over held-out text (0.8 %), red above 5") == 1


def test_what_is_copied_is_underlined_and_its_source_told():
    marks = re.findall(r"<mark>([^<]*)</mark>", PAGE)
    assert marks == [
        "the river walks on either side\nwith silver buttons on its skin"[:62],
        "he sold it for a cup of rice",
    ]
    assert '<li id="copied-1-1">songs.txt, line 812, from character 29,114: 62 characters' in PAGE
    assert '<li id="copied-1-2">more-songs.txt, from character 112: 28 characters</li>' in PAGE


def test_the_text_of_a_sample_is_whole():
    samples = re.findall(r'<div class="sample"[^>]*>(.*?)</div>', PAGE, flags=re.DOTALL)
    bare = re.sub(r"<sup>.*?</sup>|<[^>]*>", "", samples[0])
    assert bare == invented_report.SONG


def test_a_sample_that_is_too_long_is_cut_and_says_so():
    long = replace(WHOLE.specimens[0], text=invented_report.SONG + "x" * 100_000)
    text = page(replace(EMPTY, specimens=(long,)))
    assert len(text) < 40_000
    assert re.search(r"9\d,\d\d\d more characters are not shown", text)
    late = replace(long.copied[0], start=90_000, stop=90_060)
    text = page(replace(EMPTY, specimens=(replace(long, copied=(late,)),)))
    assert "copied-1-1" not in text


def test_ten_samples_and_a_hundred_figures_weigh_less_than_a_megabyte():
    sections = tuple(
        replace(
            WHOLE.sections[1],
            title=f"Section {k}",
            metrics=tuple(replace(m, key=f"{m.key}{k}") for m in WHOLE.sections[1].metrics),
            charts=WHOLE.charts if k < 3 else (),
        )
        for k in range(8)
    )
    specimens = tuple(
        replace(WHOLE.specimens[0], text=invented_report.SONG * 20) for _ in range(10)
    )
    heavy = replace(WHOLE, sections=sections, specimens=specimens)
    assert len(heavy.metrics) > 100
    assert len(page(heavy).encode()) < 1_000_000
    assert len(PAGE.encode()) < 100_000


def test_a_row_is_drawn_where_there_is_something_to_compare():
    assert PAGE.count('class="range" aria-hidden="true" viewBox="0 0 120') == 7
    lone = Metric(name="a", value=1.0, unit="", better="real", n=1, interval=(0.0, 2.0))
    text = page(replace(EMPTY, sections=(Section(key="", title="t", intro="", metrics=(lone,)),)))
    assert '<td role="cell" class="picture"></td>' in text


def test_in_a_row_every_sign_stands_at_its_share_of_the_line():
    lone = Metric(name="a", value=3.0, unit="", better="real", n=1, interval=(2.0, 4.0))
    figure = replace(lone, floor=1.0, baseline=5.0)
    text = page(replace(EMPTY, sections=(Section(key="", title="t", intro="", metrics=(figure,)),)))
    picture = text[text.index('viewBox="0 0 120') :]
    assert 'class="floor" d="M6.0 ' in picture
    assert 'class="interval" d="M33.0 6H87.0"' in picture
    assert '<circle class="value" cx="60.0" cy="6"' in picture
    assert 'class="baseline" d="M114.0 ' in picture


def test_a_quick_evaluation_says_so():
    assert "Quick evaluation" in PAGE
    assert "Quick evaluation" not in page(replace(WHOLE, is_quick=False))


def test_the_seeds_of_the_figures_are_told():
    assert "0: bpc, ece; 7: accuracy, bleu4, fed, selfbleu4" in PAGE


def brightness(colour):
    """Relative luminance as the accessibility guidelines define it."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_everything_stands_out_from_the_page(colours):
    for name, colour in colours.items():
        if name not in ("page", "hair"):
            dark, bright = sorted((brightness(colour), brightness(colours["page"])))
            is_text = name in ("ink", "muted", "green", "yellow", "red", "none")
            assert (bright + 0.05) / (dark + 0.05) >= (4.5 if is_text else 3.0), name


def test_every_colour_that_is_used_has_a_name():
    assert set(LIGHT) == set(DARK)
    used = set(re.findall(r"var\(--([\w-]+)\)", PAGE)) - {"c"}
    assert used == set(LIGHT) - {"page"} | {"page"}
