"""Each layout of a corpus, from an archive like that of its package."""

import io
import json
import shutil
import sqlite3
import subprocess
import tarfile
import zipfile

import pytest

from serinette.core.errors import DataError, MissingExtraError, NotFoundError, ResourceError
from serinette.recipes import corpora
from serinette.recipes.almanac import profile_of
from serinette.recipes.apt import apt_download, file_of_package
from serinette.recipes.corpora import CORPORA, get_corpus
from serinette.recipes.corpus_makers import LINES, MAKERS, RECORDS
from serinette.recipes.formulas import formulas_of
from serinette.recipes.library_code import library_modules


def tarball(path, files, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def package(path, files):
    """A Debian package: an `ar` archive of two tarballs."""
    data = tarball(path.with_suffix(".tar.xz"), files, "w:xz").read_bytes()
    content = b"!<arch>\n"
    for name, part in (("debian-binary", b"2.0"), ("data.tar.xz", data)):
        content += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(part):<10}`\n".encode()
        content += part + b"\n" * (len(part) % 2)
    path.write_bytes(content)
    return path


def test_chapters_come_by_their_numbers(tmp_path):
    files = {f"package/b/chapter_{n}.txt": f"{n}.\r\n".encode() for n in (10, 9, 100)}
    made = MAKERS["chapters"](tarball(tmp_path / "b.tgz", files), "package/b/chapter_", None)
    assert made.data == b"9.\n\n10.\n\n100.\n"
    assert made.facts == {"n_chapters": 3}


def test_names_of_several_lists_are_written_once(tmp_path):
    files = {"package/a/data/names.txt": b"Zoe\nAda\n", "package/b/data/names.txt": b"Bo\nAda\n\n"}
    made = MAKERS["names"](tarball(tmp_path / "n.tgz", files), "package/", ("a", "b"))
    assert made.data == b"Ada\nBo\nZoe\n"
    with pytest.raises(DataError, match="holds no such lines; its layout has changed"):
        MAKERS["names"](tarball(tmp_path / "n.tgz", files), "package/", ("c",))


def test_titles_come_out_of_a_table_once(tmp_path):
    with sqlite3.connect(tmp_path / "f.db") as connection:
        connection.execute("CREATE TABLE omdb (ID INTEGER, Title TEXT)")
        titles = [(2, "Ran"), (1, "The  Third\nMan"), (3, "Ran"), (4, None)]
        connection.executemany("INSERT INTO omdb VALUES (?, ?)", titles)
    connection.close()
    with zipfile.ZipFile(tmp_path / "f.whl", "w") as archive:
        archive.write(tmp_path / "f.db", "films/f.db")
    made = MAKERS["titles"](tmp_path / "f.whl", "films/f.db", None)
    assert made.data == b"The Third Man\nRan\n"


FACTS = {
    "Introduction": {"Background": {"text": "Old &amp; <b>small</b>."}},
    "Geography": {"Area": {"total": {"text": "5 sq km"}, "map": {"text": None}}, "Empty": {}},
    "Government": {"Country name": {"conventional short form": {"text": "Nowhere"}}},
}


def test_a_profile_has_a_heading_for_every_key_over_a_text():
    assert profile_of(FACTS, "XX") == (
        "# Nowhere\n\n## Introduction\n\n### Background\n\nOld & small .\n\n"
        "## Geography\n\n### Area"
        "\n\n#### total\n\n5 sq km\n\n## Government\n\n### Country name\n\n"
        "#### conventional short form\n\nNowhere\n"
    )
    assert profile_of({}, "XX") == "# XX\n"
    assert profile_of({"Government": {"Country name": 7}}, "XX").startswith("# XX\n")


def test_profiles_are_documents_without_the_descriptions_of_the_package(tmp_path):
    content = json.dumps(FACTS).encode()
    files = {"package/e/b.json": content, "package/a/a.json": content}
    other = {"package/package.json": b"{}", "package/meta/x.json": b"[]"}
    made = MAKERS["profiles"](tarball(tmp_path / "f.tgz", files | other), "package/", None)
    lines = [json.loads(line) for line in made.data.decode().splitlines()]
    assert [line["name"] for line in lines] == ["a/a.json", "e/b.json"]
    assert made.n_characters == 2 * len(profile_of(FACTS, ""))


DATABASE = r"""
$( $t
latexdef "->" as " \rightarrow ";
  latexdef 'ph' as "\varphi" +
    '{}';
latexdef "(" as "("; latexdef ")" as ")";
$)
a $p |- ( ph -> ph ) $= x $.
b $p |- ( ph -> ch ) $= x $.
c $p |- ( ph $( a comment $) -> ph ) $= x $.
d $p wff ph $= x $.
e $a |- ph $.
"""


def test_theorems_become_formulas_by_the_definitions_of_the_file():
    database = DATABASE.replace('; latexdef ")"', ';\nlatexdef ")"')
    assert formulas_of(database) == [r"$( \varphi{} \rightarrow \varphi{} )$"]


def test_a_file_is_read_out_of_a_debian_package(tmp_path):
    path = package(tmp_path / "m.deb", {"./usr/set.mm": DATABASE.encode()})
    assert file_of_package(path, "usr/set.mm") == DATABASE.encode()
    (tmp_path / "x.deb").write_bytes(b"no package")
    with pytest.raises(DataError, match=r"x\.deb: no Debian package that holds usr/set\.mm"):
        file_of_package(tmp_path / "x.deb", "usr/set.mm")


def test_modules_are_what_parses_and_is_no_test(tmp_path):
    files = {
        "b.py": "x = 1\r\n", "a/c.py": "y = 2\n", "a/test/d.py": "z = 3\n", "e.py": "def (",
        "f.py": "  \n", "g.txt": "no",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(text.encode())
    assert list(library_modules(tmp_path)) == [("a/c.py", "y = 2\n"), ("b.py", "x = 1\n")]


def test_the_library_of_this_python_is_got_without_a_download(tmp_path, monkeypatch):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(corpora, "library_folder", lambda: tmp_path / "lib")
    told = []
    path = get_corpus("python", tmp_path / "data", listener=told.append)
    assert path.read_text() == '{"name": "a.py", "text": "x = 1\\n"}\n'
    assert told[-1].text == f"try: serinette train {path} --preset code --budget 5m"


def test_every_layout_that_is_named_has_a_maker():
    assert {entry.layout for entry in CORPORA.values()} == set(MAKERS)
    assert {*RECORDS, *LINES} < set(MAKERS)


def test_apt_is_asked_to_download_one_package(tmp_path, monkeypatch):
    commands = []

    def run(command, cwd, **settings):
        commands.append(command)
        (cwd / "a_1_all.deb").touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/apt-get")
    assert apt_download("a==1~2", tmp_path) == tmp_path / "a_1_all.deb"
    assert commands == [["/bin/apt-get", "download", "-q", "a=1~2"]]


@pytest.mark.parametrize(
    ("stderr", "kind", "message"),
    [
        ("E: Unable to locate package a\n", NotFoundError, r"a==1: apt-get could not .*locate"),
        ("W: x\nE: Version '1' for 'a' was not found\n", NotFoundError, "was not found"),
        ("E: Failed to fetch\n", ResourceError, r"\(E: Failed to fetch\); try apt-get update"),
        ("", ResourceError, r"\(no reason given\)"),
    ],
)
def test_what_apt_says_becomes_one_line(monkeypatch, tmp_path, stderr, kind, message):
    done = subprocess.CompletedProcess([], 100, "", stderr)
    monkeypatch.setattr(subprocess, "run", lambda *words, **settings: done)
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/apt-get")
    with pytest.raises(kind, match=message) as caught:
        apt_download("a==1", tmp_path)
    assert "\n" not in str(caught.value)


def test_an_apt_that_hangs_or_is_not_there_is_said(monkeypatch, tmp_path):
    def run(command, timeout, **settings):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/apt-get")
    with pytest.raises(ResourceError, match="a==1: apt-get was not done after 600 seconds"):
        apt_download("a==1", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(MissingExtraError, match="a==1: is a package of Debian, and there is no"):
        apt_download("a==1", tmp_path)
