"""The desk as a user drives it, on a model that was never trained."""

import io
import json
import re
from types import SimpleNamespace

import pytest
from poem_models import save_untrained_poet, write_poems

from serinette.cli import desk_input
from serinette.cli.main import main


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of runs with a poet in it."""
    place = tmp_path_factory.mktemp("desk")
    save_untrained_poet(place / "runs" / "poet" / "model", write_poems(place / "poems.json"))
    return place / "runs"


@pytest.fixture
def desk(runs, workplace, monkeypatch, capsys):
    """Sit down, type some lines, and return the exit code and what came back."""

    def work(*lines, argv=()):
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        code = main(["generate", "poet", "--runs", str(runs), "-i", "--seed", "1", *argv])
        captured = capsys.readouterr()
        return SimpleNamespace(code=code, out=captured.out, err=captured.err)

    return work


def poems_in(text):
    """The lines of verse of every poem that is shown between rules."""
    blocks = re.split(r"── \d+ ─+\n", text)[1:]
    return [re.findall(r"[\u4e00-\u9fff]+(?=[，。])", block) for block in blocks]


def views_in(text):
    """The lines of verse of every chosen poem that is shown with numbers of lines."""
    found, views = re.findall(r"^(\d)  ([\u4e00-\u9fff]+)$", text, re.MULTILINE), []
    for number, line in found:
        if number == "1":
            views.append([])
        views[-1].append(line)
    return views


def test_keywords_are_asked_for_and_poems_are_shown(desk):
    done = desk("山水", argv=["-n", "2"])
    assert done.code == 0
    assert [len(poem) for poem in poems_in(done.out)] == [4, 4]
    assert "poem 1 of 2 · 七绝 · 题 山水 · seed 1" in done.out
    assert done.out.endswith("nothing was kept\n")


def test_nothing_is_asked_where_the_keywords_are_given(desk):
    done = desk("退", argv=["--keywords", "山水"])
    assert "题 山水" in done.out
    assert len(poems_in(done.out)) == 3


def test_the_desk_shows_what_generate_draws(desk, runs, capsys):
    assert main(["generate", "poet", "--runs", str(runs), "--seed", "1", "--json"]) == 0
    text = json.loads(capsys.readouterr().out)["text"]
    assert text in desk("").out


def test_a_redraw_keeps_what_is_locked_and_changes_the_rest(desk):
    done = desk("", "2", "锁 2.3 4", "换")
    before, after = poems_in(done.out)[1], poems_in(done.out)[3:6]
    assert len(after) == 3
    for poem in after:
        assert (poem[1][2], poem[3]) == (before[1][2], before[3])
        assert poem[0] != before[0]
    assert f"锁 2.3={before[1][2]} 4={before[3]} · seed 2" in done.out


def test_a_redraw_of_one_line_keeps_all_others_and_then_locks_none(desk):
    done = desk("", "1", "锁 3.1 1.1", "换 3")
    before, after = poems_in(done.out)[0], poems_in(done.out)[3:6]
    for poem in after:
        assert [poem[k] for k in (0, 1, 3)] == [before[k] for k in (0, 1, 3)]
    assert any(poem[2] != before[2] for poem in after)
    assert f"锁 1.1={before[0][0]} · seed 2" in done.out


def test_a_lock_by_character_and_unlocking(desk):
    done = desk("", "1", "锁 2.1", "解 2.1", "锁 2.1", "解")
    first, locked, free, _, last = views_in(done.out)
    assert first == locked == free == last
    shown = re.findall(r"poem 1 of 3 · 七绝( · 锁 \S+)? · seed 1\n", done.out)
    assert [bool(text) for text in shown] == [False, False, True, False, True, False]


def test_choosing_another_poem_lets_go_what_it_does_not_have(desk):
    done = desk("", "1", "锁 1", "2")
    first, other = poems_in(done.out)[:2]
    lost = " ".join(f"1.{k + 1}" for k in range(7) if first[0][k] != other[0][k])
    assert f"unlocked, because it is not so here: {lost}\n" in done.out


def test_the_ten_likeliest_are_shown_and_can_be_put(desk):
    found = desk("", "候选 1.2").out
    rows = re.findall(r"^(.)  +[\d.]+ %  \(the model alone: +[\d.]+ %\)$", found, re.MULTILINE)
    assert len(rows) == len(set(rows)) == 10
    done = desk("", "1", f"改 1.2={rows[3]}", "换")
    assert views_in(done.out)[1][0][1] == rows[3]
    assert all(poem[0][1] == rows[3] for poem in poems_in(done.out)[3:])


def test_what_is_put_must_keep_the_rules(desk):
    done = desk("", "1", "put 2.7=月", "put 1.7=一二", "put 1.1=", "put 1.1=龘")
    view, *after = views_in(done.out)
    assert after == []
    assert len(view) == 4
    errors = done.err.splitlines()
    assert [error.startswith("error: ") for error in errors] == [True] * 4
    assert "line 2, place 7" in errors[0]
    assert errors[1] == "error: '一二' at 1.7: line 1 has only 7 places; shorten it"
    assert errors[2] == "error: '1.1=' is not PLACE=TEXT; write it like 改 2.3=月"
    assert "龘" in errors[3]


def test_form_acrostic_rhyme_and_keywords_can_be_changed(desk):
    done = desk("", "锁 1", "形 五律", "头 春花秋月", "头", "韵 山", "题 江", "形 七古 6")
    shown = [poems_in(part) for part in done.out.split(" seed ")]
    assert {len(line) for poem in shown[2] for line in poem} == {5}
    assert [poem[k][0] for poem in shown[3] for k in range(4)] == list("春花秋月") * 3
    assert "poem 1 of 3 · 五律 · 头 春花秋月 · seed 3" in done.out
    assert "poem 1 of 3 · 五律 · 韵 山 · seed 5" in done.out
    assert "poem 1 of 3 · 五律 · 题 江 · 韵 山 · seed 6" in done.out
    assert {len(poem) for poem in shown[7]} == {6}
    assert done.err == ""


def test_a_wish_that_cannot_hold_changes_nothing(desk):
    done = desk("", "形 五绝", "头 春花秋月春", "形 五六", "形", "韵 龘龘", "换", argv=["-n", "1"])
    assert [len(poem) for poem in poems_in(done.out)] == [4, 4, 4]
    assert "poem 1 of 1 · 五绝 · seed 3" in done.out
    assert len(done.err.splitlines()) == 4
    assert "'' is no form; write it like 形 七律, or 形 七古 12" in done.err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("9", "poem '9': there are 1 to 3"),
        ("选 x", "poem 'x': there are 1 to 3"),
        ("锁", "which place? write it like 锁 2.3"),
        (
            "top 9.9",
            "9.9: no such place; the poem has 4 lines, and both numbers are counted from 1",
        ),
        ("出 poem.pdf", "'poem.pdf': write to a file that ends in .txt, .json, .svg"),
        ("出", "'': write to a file that ends in .txt, .json, .svg"),
        ("出 /dev/null/x.txt", "/dev/null"),
        ("jump", "'jump' is no command; 助 or help lists them"),
    ],
)
def test_a_bad_command_is_one_line_and_work_goes_on(desk, line, message):
    done = desk("", line, "存")
    assert done.code == 0
    assert done.err.startswith("error: ")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert "kept: 1" in done.out


def test_free_verse_has_no_places_to_lock(desk):
    done = desk("", "锁 1", "换", argv=["--form", "自由", "-n", "1"])
    assert "verse without a form has no places to lock" in done.err
    assert len(poems_in(done.out)) == 2


def test_kept_poems_are_listed_and_shown_at_the_end(desk):
    done = desk("", "列", "存", "存 2", "存", "list")
    first, second = poems_in(done.out)[:2]
    assert "nothing is kept yet; 存 or keep does" in done.out
    assert "it is kept already; kept: 2" in done.out
    assert poems_in(done.out)[3:] == [first, second] * 2


def test_exported_poems_are_in_the_file(desk, workplace):
    done = desk("山", "头 春花", "存", "出 a.txt", "出 a.json", "出 a.svg", argv=["--seal", "石"])
    poem = poems_in(done.out)[3]
    text = f"{poem[0]}，{poem[1]}。\n{poem[2]}，{poem[3]}。"
    assert (workplace / "a.txt").read_text(encoding="utf-8") == text + "\n"
    (plain,) = json.loads((workplace / "a.json").read_text(encoding="utf-8"))["poems"]
    assert plain == {
        "text": text,
        "form": "七绝",
        "title": "山",
        "acrostic": "春花",
        "seed": 2,
        "is_edited": False,
    }
    sheet = (workplace / "a.svg").read_text(encoding="utf-8")
    assert re.findall(r'<text[^>]* class="head"[^>]*>(.)', sheet) == ["春", "花"]
    assert done.out.endswith("kept: 1, all exported\n")


def test_every_poem_stands_on_the_sheet_under_its_own_title(desk, workplace):
    desk("山", "存", "题 江", "存", "出 a.svg", argv=["-n", "1"])
    assert "<title>江 · 山</title>" in (workplace / "a.svg").read_text("utf-8") or (
        "<title>山 · 江</title>" in (workplace / "a.svg").read_text("utf-8")
    )


def test_poems_are_shown_and_locked_in_the_characters_that_are_wished(desk):
    done = desk("", "锁 1.1", argv=["--script", "traditional", "--fixed", "1.1=门"])
    assert {poem[0][0] for poem in poems_in(done.out)} == {"門"}
    assert "锁 1.1=門" in done.out


def test_help_lists_the_commands(desk):
    assert "锁 lock 2.3 | 2 | 月" in desk("", "?").out


def test_rules_that_cannot_hold_from_the_start_end_the_command(desk):
    done = desk("", argv=["--acrostic", "春花秋月春"])
    assert done.code == 2
    assert done.err.startswith("error: 藏头 '春花秋月春': 5 characters, but 七绝 has 4 lines")


def test_breaking_off_says_what_was_kept(desk, monkeypatch):
    lines = iter(["", "存"])

    def type_next(prompt):
        line = next(lines, None)
        if line is None:
            raise KeyboardInterrupt
        return line

    monkeypatch.setattr(desk_input, "read_line", type_next)
    done = desk()
    assert done.code == 130
    assert "\nkept: 1\n── 1 ─" in done.out
    assert done.err == ""
