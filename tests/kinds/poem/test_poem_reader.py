import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import DataError, NotFoundError
from serinette.kinds.poem.config import PoemConfig
from serinette.kinds.poem.layout import canonical, hanzi_of, problem_of
from serinette.kinds.poem.reader import looks_like_poems, read_poems

NIGHT = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"
TOWER = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
LONG = "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。" * 2
HANZI = st.characters(min_codepoint=0x4E00, max_codepoint=0x4FFF)
POEMS = st.lists(st.text(st.one_of(HANZI, st.sampled_from("，。 □（")), max_size=12), max_size=8)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name, content):
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return Path(name)


def read(*sources, **settings):
    return read_poems(list(sources), PoemConfig(**settings))


def found(corpus):
    return [
        (s.content, s.context.get("title"), s.context.get("author"), s.place)
        for s in corpus.sequences
    ]


def poem(text, **names):
    return {**names, "paragraphs": text.replace("。", "。|").strip("|").split("|")}


@pytest.mark.usefixtures("here")
def test_a_collection_is_read_with_its_titles_authors_and_forms():
    path = write(
        "tang.json",
        [
            poem(TOWER, title="登鸛雀樓（一作登樓）", author="王之渙", id="7"),
            poem(LONG, rhythmic="春曉", author="不詳"),
        ],
    )
    corpus = read(path)
    assert found(corpus) == [
        (TOWER, "登鸛雀樓", "王之渙", "tang.json: poem 1"),
        (LONG, "春曉", None, "tang.json: poem 2"),
    ]
    assert [s.context["form"] for s in corpus.sequences] == ["五绝", "五律"]
    assert corpus.notes == ("tang.json: read as UTF-8", "2 poems: 五绝 1, 五律 1")
    (source,) = corpus.sources
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (source.path, source.n_bytes) == ("tang.json", path.stat().st_size)


@pytest.mark.usefixtures("here")
def test_one_poem_may_stand_alone_in_json():
    assert found(read(write("one.json", poem(TOWER)))) == [(TOWER, None, None, "one.json: poem 1")]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{NIGHT}\n{LONG}\n", [(NIGHT, None, None, "p.txt:1"), (LONG, None, None, "p.txt:2")]),
        (f"静夜思:{NIGHT}\n", [(NIGHT, "静夜思", None, "p.txt:1")]),
        (f"静夜思：{NIGHT}\n", [(NIGHT, "静夜思", None, "p.txt:1")]),
        (f"静夜思:李白:{NIGHT}\n", [(NIGHT, "静夜思", "李白", "p.txt:1")]),
        (f"静夜思\t李白\t{NIGHT}\r\n", [(NIGHT, "静夜思", "李白", "p.txt:1")]),
        (f"静夜思\t{NIGHT}", [(NIGHT, "静夜思", None, "p.txt:1")]),
        (
            "问春桂：桃李正芬华，年光随处满，何事独无花。",
            [("问春桂：桃李正芬华，年光随处满，何事独无花。", None, None, "p.txt:1")],
        ),
        (
            "静夜思\n李白\n床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n\n\n"
            "登楼\n白日依山盡，黃河入海流。\n欲窮千里目，更上一層樓。\n",
            [(NIGHT, "静夜思", "李白", "p.txt:1"), (TOWER, "登楼", None, "p.txt:7")],
        ),
        (
            "床前明月光\n疑是地上霜\n举头望明月\n低头思故乡\n",
            [(NIGHT, None, None, "p.txt:1")],
        ),
        (
            "静夜思\n床前明月光\n疑是地上霜\n举头望明月\n低头思故乡\n",
            [(NIGHT, "静夜思", None, "p.txt:1")],
        ),
        (
            "床前明月光，\n疑是地上霜。\n举头望明月，\n低头思故乡。\n",
            [(NIGHT, None, None, "p.txt:1")],
        ),
        (
            f"{NIGHT}\n\n静夜思:{LONG}\n",
            [(NIGHT, None, None, "p.txt:1"), (LONG, "静夜思", None, "p.txt:3")],
        ),
    ],
)
def test_plain_text_has_a_poem_a_line_or_poems_between_blank_lines(text, expected):
    assert found(read(write("p.txt", text))) == expected


def test_strings_are_poems():
    corpus = read(NIGHT, f"登樓:{TOWER}")
    assert found(corpus) == [
        (NIGHT, None, None, "text 0:1"),
        (TOWER, "登樓", None, "text 1:1"),
    ]
    assert corpus.sources[0].path == "<strings>"


def test_poems_left_out_are_counted_by_reason_with_the_first_place():
    corpus = read(
        NIGHT,
        NIGHT.replace("。", "；"),
        "春□秋，夏。",
        "「」",
        "楓落吳江冷。",
        LONG,
        forms=("wujue",),
    )
    assert [s.content for s in corpus.sequences] == [NIGHT]
    assert corpus.notes == (
        "1 poem: 五绝 1",
        "left out 1 poem empty, the first: text 3:1",
        "left out 1 poem with brackets or damaged characters, the first: text 2:1",
        "left out 1 poem of one line of verse, the first: text 4:1",
        "left out 1 poem of a form not asked for, the first: text 5:1",
        "left out 1 poem found before, the first: text 1:1",
    )


@given(POEMS)
def test_every_poem_is_kept_once_or_left_out_for_a_reason(texts):
    texts = [text for text in texts if text.strip()]
    good = [canonical(text) for text in texts if problem_of(canonical(text)) is None]
    if not good:
        return
    corpus = read_poems(texts, PoemConfig())
    kept = [hanzi_of(sequence.content) for sequence in corpus.sequences]
    assert kept == list(dict.fromkeys(hanzi_of(content) for content in good))


def test_the_script_of_text_title_and_author_is_changed_on_request():
    line = "靜夜思\t李賀\t舉頭望明月，低頭思故鄉。"
    (simplified,) = read(line, script="simplified").sequences
    assert simplified.content == "举头望明月，低头思故乡。"
    assert (simplified.context["title"], simplified.context["author"]) == ("静夜思", "李贺")
    (traditional,) = read("举头望明月，低头思故乡。", script="traditional").sequences
    assert traditional.content == "舉頭望明月，低頭思故鄉。"


@pytest.mark.usefixtures("here")
def test_an_encoding_is_found_out_or_taken_as_said():
    Path("g.txt").write_bytes(f"静夜思:{NIGHT}".encode("gb18030"))
    Path("b.txt").write_bytes(TOWER.encode("big5"))
    assert read(Path("g.txt")).notes[0] == "g.txt: read as GB18030"
    corpus = read(Path("b.txt"), encoding="big5")
    assert corpus.sequences[0].content == TOWER
    assert corpus.notes[0] == "b.txt: read, as you said, as big5"


@pytest.mark.usefixtures("here")
def test_a_folder_is_read_and_what_holds_no_poems_is_left_out_with_a_note():
    write("d/a.json", [poem(TOWER)])
    write("d/b.txt", NIGHT)
    write("d/package.json", {"name": "x"})
    Path("d/c.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    corpus = read(Path("d"))
    assert [s.content for s in corpus.sequences] == [TOWER, NIGHT]
    assert corpus.notes[2:4] == (
        "left out: d/c.png: a PNG image, not plain text; export it as plain text",
        "left out: d/package.json: poem 1: an object without paragraphs (it has: name); write "
        '[{"title": ..., "author": ..., "paragraphs": [...]}]',
    )


@pytest.mark.usefixtures("here")
def test_of_many_files_only_the_numbers_are_said():
    for number in range(7):
        write(f"d/{number}.txt", NIGHT[number:])
        write(f"d/{number}.json", "{")
    notes = read(Path("d")).notes
    assert notes[0] == "7 files: read 7 as UTF-8"
    assert notes[1].startswith("7 files left out, the first: d/0.json: character 1")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[{"title": "x", ]',
            r"p\.json: character 16 \(line 1\): not JSON \(.*\); repair it or get the file afresh",
        ),
        ("[3]", r'p\.json: poem 1: a int, not an object .*; write \[\{"title"'),
        ('[{"title": "x"}]', r"poem 1: an object without paragraphs \(it has: title\)"),
        ("{}", r"without paragraphs \(it has: nothing\)"),
        ('{"\\u2028a": "x"}', r"without paragraphs \(it has: '\\u2028a'\)"),
        ('{"paragraphs": [1]}', "paragraphs that are not a list of strings"),
        ("[" * 100_000, "lists within lists, too deep to be poems"),
        ("[]", r"p\.json: empty, or only white space; give a file that holds poems"),
        (
            '{"paragraphs": ["a，"]}',
            r"no poem to keep \(1 with brackets or damaged characters\); give a file",
        ),
    ],
)
def test_a_named_file_without_poems_is_refused_with_the_place(text, message):
    with pytest.raises(DataError, match=message):
        read(write("p.json", text))


@pytest.mark.usefixtures("here")
def test_a_folder_without_poems_and_a_missing_file_are_refused():
    write("d/x.json", "{")
    with pytest.raises(DataError, match=r"d: holds no poems; the first file: d/x\.json"):
        read(Path("d"))
    with pytest.raises(NotFoundError, match=r"e\.json: no such file"):
        read(Path("e.json"))


def test_too_little_to_learn_from_is_refused_only_for_training():
    assert len(read(NIGHT).sequences) == 1
    with pytest.raises(DataError, match="the texts: 24 characters are too little to learn from"):
        read_poems([NIGHT], PoemConfig(), for_training=True)


@pytest.mark.usefixtures("here")
def test_a_file_named_twice_is_read_once():
    path = write("p.txt", NIGHT)
    assert len(read(path, path).sources) == 1


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[\n  {"author": "x", "paragraphs": ["y"]}]', True),
        ('\ufeff{"title": "x", "content": ["y"]}', True),
        ('[{"name": "x", "version": 1}]', False),
        ('{"paragraphs": ["x"]}', False),
        ('title "paragraphs": "title":', False),
        ("", False),
    ],
)
def test_a_json_file_of_poems_looks_like_one(text, expected):
    assert looks_like_poems(write("f", text)) is expected
    assert not looks_like_poems(Path("absent"))
