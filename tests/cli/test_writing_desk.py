"""The desk of texts as a user drives it, on a model that was never trained."""

import io
import json
import re
from types import SimpleNamespace

import pytest
from untrained_model import save_untrained, write_lines

from serinette.cli import desk_input
from serinette.cli.desk_pages import Ink, marked
from serinette.cli.main import main
from serinette.cli.writing_commands import HELP, WORDS, parse
from serinette.cli.writing_desk import _touches
from serinette.core.errors import ConfigError
from serinette.recipes import offers
from serinette.recipes.manuscript import MODEL, YOU, Manuscript, Session
from serinette.recipes.offers import first_words, without_last_words


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of runs with models of texts in it: notes, and lines that end at once."""
    place = tmp_path_factory.mktemp("writing")
    lines = [f"line {k} tells of {k % 7} birds. They sing!" for k in range(60)]
    data = [write_lines(place / "notes.txt", lines)]
    save_untrained(place / "runs" / "notes" / "model", data, end_nats=-9.0)
    save_untrained(place / "runs" / "over" / "model", data, end_nats=20.0)
    return place / "runs"


@pytest.fixture
def desk(runs, workplace, monkeypatch, capsys):
    """Sit down, type some lines, and return the exit code and what came back."""
    monkeypatch.setattr(offers, "_STEPS_A_WORD", 9)
    monkeypatch.setitem(offers._UNITS, "line", (offers._UNITS["line"][0], 60))
    monkeypatch.setitem(offers._UNITS, "sentence", (offers._UNITS["sentence"][0], 60))

    def work(*lines, argv=(), model="notes"):
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        code = main(["generate", model, "--runs", str(runs), "-i", "--seed", "1", *argv])
        captured = capsys.readouterr()
        return SimpleNamespace(code=code, out=captured.out, err=captured.err)

    return work


def offers_in(text):
    """The continuations of every view, in order."""
    views = re.split(r"^── .*\n", text, flags=re.MULTILINE)
    found = [re.findall(r"^(\d)  (.*)$", view, re.MULTILINE) for view in views]
    return [[offer.replace("⏎", "\n") for _, offer in view] for view in found if view]


def text_after(desk, *lines, argv=()):
    """What stands in the exported text after some lines."""
    done = desk(*lines, "/export out.json", argv=argv)
    assert done.code == 0
    with open("out.json", encoding="utf-8") as file:
        return json.load(file)


def test_a_continuation_is_taken_and_what_is_typed_follows_it(desk):
    first = offers_in(desk(argv=["--prefix", "line"]).out)[0]
    assert len(first) == len(set(first)) == 4
    written = text_after(desk, "2", "and then", "/join ce", "/break 2", argv=["--prefix", "line"])
    space = "" if first[1][-1].isspace() else " "
    assert written["text"] == f"line{first[1]}{space}and thence\n\n"
    assert [span["by"] for span in written["spans"]] == ["you", "model", "you"]
    assert written["spans"][1]["text"] == first[1]


def test_some_words_of_a_continuation_can_be_taken(desk):
    offer = offers_in(desk().out)[0][2]
    assert text_after(desk, "3 2")["text"] == first_words(offer, 2)


def test_what_would_be_a_command_can_be_typed(desk):
    assert text_after(desk, "/type 1984", "/t /undo", ", he said")["text"] == "1984 /undo, he said"


def test_undo_and_redo_go_back_and_forth(desk):
    written = text_after(desk, "one", "two", "/undo", "/undo", "/redo")
    assert written["text"] == "one"
    assert text_after(desk, "one", "two", "/undo", "/undo", "/redo", "/redo")["text"] == "one two"


def test_words_and_ends_are_taken_away_and_places_changed(desk):
    assert text_after(desk, "a b c d", "/back", "/back 2")["text"] == "a"
    assert text_after(desk, "the sun and the sun", "/cut and")["text"] == "the sun "
    assert (
        text_after(desk, "the sun and the sun", "/edit sun => moon")["text"]
        == "the sun and the moon"
    )
    assert text_after(desk, "the sun", "/edit the => ")["text"] == " sun"


def test_every_change_is_in_the_session_at_once_and_is_gone_on_with(desk, workplace):
    done = desk("one two", "/temperature 0.7", "/ban birds", "/offers 2", "/length line")
    runs = re.escape(" --runs ") + r"\S+"
    command = rf"go on with it: serinette generate notes{runs} -i -o notes-desk\.json\n"
    assert re.search(command, done.out)
    saved = json.loads((workplace / "notes-desk.json").read_text(encoding="utf-8"))
    assert (saved["text"], saved["temperature"], saved["banned"]) == ("one two", "0.7", ["birds"])
    again = desk("/undo", "/redo", "three", argv=["-o", "notes-desk.json"])
    assert "temperature 0.7 · without 'birds'" in again.out
    assert " · line · " in again.out
    assert len(offers_in(again.out)[0]) == 2
    saved = json.loads((workplace / "notes-desk.json").read_text(encoding="utf-8"))
    assert saved["text"] == "one two three"
    hotter = desk(argv=["-o", "notes-desk.json", "--temperature", "1.2:0.9/9", "-n", "3"])
    assert "temperature 1.2:0.9/9" in hotter.out
    assert len(offers_in(hotter.out)[0]) == 3
    other = desk("four")
    assert "saved in notes-desk-2.json" in other.out


def test_breaking_off_loses_nothing(desk, workplace, monkeypatch):
    typed = iter(["one two\n"])

    def type_next(prompt):
        try:
            return next(typed)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(desk_input, "read_line", type_next)
    done = desk()
    assert done.code == 130
    assert "saved in notes-desk.json" in done.out
    assert json.loads((workplace / "notes-desk.json").read_text("utf-8"))["text"] == "one two"


def test_nothing_is_left_behind_where_nothing_was_written(desk, workplace):
    done = desk("/again", "/quit", "never read")
    assert done.out.endswith("nothing was written\n")
    assert list(workplace.iterdir()) == []


def test_the_same_seed_and_the_same_lines_give_the_same_text(desk):
    lines = ("1", "/again", "2", "my own", "3 1")
    assert text_after(desk, *lines) == text_after(desk, *lines)
    assert offers_in(desk("/again").out)[0] != offers_in(desk("/again").out)[1]


def test_a_ban_holds_in_what_the_model_writes_even_after_it_was_typed(desk):
    done = desk("the birds", "/ban e", "1", "2", "/show")
    for view in offers_in(done.out)[2:]:
        assert view
        assert not any("e" in offer for offer in view)
    assert "e" in "".join(offers_in(desk("/ban e", "/unban e").out)[2])


@pytest.mark.parametrize(
    ("unit", "pattern"),
    [
        ("3 words", r"\s*\S+\s+\S+\s+\S+"),
        ("line", r"\s*[^\n]+"),
        ("sentence", r"\s*.*?[.!?]+|.*"),
    ],
)
def test_an_offer_goes_to_the_end_of_its_unit(desk, unit, pattern):
    views = offers_in(desk(f"/length {unit}", "/again").out)
    assert len(views) == 3
    for offer in views[1] + views[2]:
        assert re.fullmatch(pattern, offer, re.DOTALL)
        assert unit != "line" or "\n" not in offer.strip()


def test_what_the_model_wrote_is_marked(desk, workplace):
    done = desk("/type <b>", "1", "/show", "/export page.html", "/export plain.txt")
    offer = offers_in(done.out)[1][0]
    assert f"<b>⟦{offer}⟧" in done.out
    page = (workplace / "page.html").read_text(encoding="utf-8")
    assert '<main>&lt;b&gt;<span class="model">' in page
    assert (workplace / "plain.txt").read_text(encoding="utf-8") == f"<b>{offer}\n"
    assert re.search(r"\d+ characters, \d+ % by notes", page)


def test_characters_that_the_model_never_saw_are_told(desk):
    assert "2 characters never occurred in training" in desk("月 in 月").out


def test_on_a_terminal_the_models_words_have_a_colour_and_control_characters_a_picture():
    ink = Ink(is_terminal=True, is_coloured=True)
    manuscript = Manuscript().write("a\x1b[2J", YOU).write("b\x07", MODEL)
    shown = marked(Session(model="m", manuscript=manuscript), ink)
    assert shown == "a␛[2J\x1b[36mb␇\x1b[0m"
    assert ink.dim("x") == "\x1b[2mx\x1b[0m"
    assert Ink().marked("a\x1b") == "⟦a\x1b⟧"


def test_a_model_that_would_end_says_so(desk):
    assert "the model would end here; write on yourself" in desk(model="over").out


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("5", "continuation 5: there are 1 to 4; /type 5 writes the number"),
        ("1 0", "0 words are nothing; take 1 or more"),
        ("/undu", "'/undu' is no command (did you mean '/undo'?); /help lists them, /type writes"),
        ("/undo", "there is nothing to undo"),
        ("/redo", "there is nothing to do again"),
        ("/back x", "'x' is no number from 1 to 999; write it like /back 5"),
        ("/back", "there is nothing to take away"),
        ("/cut sun", "'sun' does not stand there; /show shows all of it"),
        ("/cut", "which text? write it like /cut the old house"),
        ("/edit sun", "'sun' is not OLD => NEW; write it like /edit sun => moon"),
        ("/length page", "'page' is no length; write 8 words (1 to 60), sentence or line"),
        ("/length 61 words", "'61 words' is no length; write 8 words (1 to 60), sentence or line"),
        ("/offers 10", "'10': there can be 1 to 9 continuations"),
        ("/temperature warm", "temperature must be a number, FROM:TO, FROM:TO/STEPS or"),
        ("/ban", "ban what? like /ban very"),
        ("/unban x", "'x' is not banned; banned: nothing"),
        ("/type", "write what? like /type 1984"),
        ("/join", "join what? like /join ing"),
        ("/export x.pdf", "'x.pdf': write to a file that ends in .txt, .html, .json"),
        (
            "/export notes-desk.json",
            "'notes-desk.json' is where the session is saved; take another",
        ),
        ("a\0b", "what was typed: "),
    ],
)
def test_what_cannot_be_obeyed_is_one_line_and_changes_nothing(desk, line, message):
    done = desk(line)
    assert done.code == 0
    assert done.err.startswith(f"error: {message}")
    assert done.err.count("\n") == 1
    assert "nothing was written" in done.out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--json"], "--json and --interactive: leave out one"),
        (["--suffix", "birds"], "--suffix and --interactive: leave out one"),
        (["--regex", "a"], "--regex and --interactive: leave out one"),
        (["--max-steps", "9"], "--max-steps and --interactive: leave out one"),
        (["--prefix", "a", "--prefix", "b"], "--interactive takes one --prefix; leave out the oth"),
    ],
)
def test_what_does_not_go_with_the_desk_is_refused(desk, argv, message):
    done = desk(argv=argv)
    assert done.code == 2
    assert done.err.startswith(f"error: {message}")


def test_a_file_that_is_no_session_is_never_written_over(desk, workplace):
    (workplace / "story.json").write_text("{}", encoding="utf-8")
    done = desk("one", argv=["-o", "story.json"])
    assert done.code == 3
    assert "story.json is no session of the desk; give another file" in done.err
    assert (workplace / "story.json").read_text(encoding="utf-8") == "{}"
    desk("one", argv=["-o", "mine.json"])
    done = desk(argv=["-o", "mine.json", "--prefix", "x"])
    assert "--prefix and mine.json: the session has its text already; leave out one" in done.err


def test_every_command_is_in_the_help_and_is_read():
    for name, words in WORDS.items():
        assert f"/{name}" in HELP
        assert all(parse(f"/{word}").name == name for word in words)
    assert parse("  ") is None
    assert parse(" and so").argument == " and so"
    with pytest.raises(ConfigError, match="'/xyzzy' is no command; /help lists them"):
        parse("/xyzzy")


@pytest.mark.parametrize(
    ("before", "after", "touches"),
    [
        ("", "so", True),
        ("and ", "so", True),
        ("and", "so", False),
        ("and.", "So", False),
        ("and", ", so", True),
        ("(", "so", True),
        ("well-", "so", True),
        ("春花", "秋月", True),
        ("春花。", "秋月", True),
        ("봄", "꽃", False),
        ("été", "là", False),
    ],
)
def test_a_space_is_put_where_the_script_has_one(before, after, touches):
    assert _touches(before, after) == touches


def test_words_are_counted_with_the_space_before_them():
    assert first_words("  a b\nc d", 3) == "  a b\nc"
    assert without_last_words("a b\nc d ", 2) == "a b"
    assert without_last_words("a b", 5) == ""
