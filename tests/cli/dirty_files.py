"""Sixty dirty files, made by code, each with what the program must say of it.

A case is a file, the exit code of `serinette inspect`, and what must stand in its answer: the whole
one-line error, or the decision that it tells.
"""

import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PLAIN = "The cat sat on the mat, and the dog lay by the door.\n" * 4
UMLAUTS = "Der Bär läßt größere Äpfel für die Mädchen übrig.\n" * 4
CHINESE = "床前明月光,疑是地上霜。举头望明月,低头思故乡。\n" * 4
HEBREW = "שלום עולם, ומה שלומך היום?\n" * 8
ARABIC = "مرحبا بالعالم، كيف حالك اليوم؟\n" * 8
EMOJI = "a family 👩‍👩‍👧, a flag 🇩🇪, a thumb 👍🏽\n" * 6
MARKS = "e\u0301 a\u0308 क्षि 각 \u1100\u1161\u11a8\n" * 12
READ, DATA, NOT_FOUND, RESOURCE = 0, 3, 4, 6


@dataclass(frozen=True)
class Dirty:
    """One file and what is to be said of it; `{}` stands for its path."""

    name: str
    content: bytes | Callable[[Path], None]
    code: int
    said: str
    """An error: the whole line behind `error: `. A decision: part of the answer."""


def _touched(path, text=""):
    path.write_text(text, encoding="utf-8")
    return path


def _looping(path):
    path.mkdir()
    (path / "again").symlink_to(path, target_is_directory=True)
    _touched(path / "a.txt", PLAIN)


def _text(name, text, encoding, said, mark=b""):
    return Dirty(name, mark + text.encode(encoding), READ, f"{{}}: {said}")


def _binary(name, content, what):
    return Dirty(name, content, DATA, f"{{}}: {what}, not plain text; export it as plain text")


def _zip(member):
    def make(path):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, "x" * 500)

    return make


EMPTY = "{}: empty, or only white space; give a file that holds text"
ABSENT = "no model or run '{}' in runs; there are none yet: serinette train FILE makes one"
NUL = (
    "{}: byte 4 is NUL, which text never holds: this looks like a binary file; export it as plain "
    "text, or give its encoding"
)
LONE = "which is not a character; save the file as UTF-8"

SIZES = (
    Dirty("empty.txt", b"", DATA, EMPTY),
    Dirty("spaces.txt", b" \t \r\n \n", DATA, EMPTY),
    Dirty("only-mark.txt", b"\xef\xbb\xbf", DATA, EMPTY),
    Dirty("only-wide-mark.txt", b"\xff\xfe", DATA, EMPTY),
    Dirty("one-character.txt", b"x", READ, "characters            1"),
    Dirty("one-line.txt", b"just one line\n", READ, "characters            14"),
    Dirty("no-newline.txt", PLAIN.rstrip("\n").encode(), READ, "{}: read as UTF-8"),
    Dirty("long-line.txt", b"a word and " * 200_000, READ, "longest line          2,200,000"),
    Dirty("blank-lines.txt", b"a\n\n\n\n\nb\n" * 20, READ, "{}: read as UTF-8"),
    Dirty("one-letter.txt", b"a" * 10_000, READ, "{}: read as UTF-8"),
    Dirty(
        "larger-than-memory.txt",
        lambda path: os.truncate(_touched(path), 1 << 40),
        RESOURCE,
        "{}: 1,099,511,627,776 bytes do not fit into memory; give a part of it",
    ),
)
BINARY = (
    _binary("report.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document"),
    _binary("report-as.txt", b"%PDF-1.4 " + PLAIN.encode(), "a PDF document"),
    _binary("pack.zip", _zip("notes.txt"), "a zip archive"),
    _binary("letter.docx", _zip("word/document.xml"), "a Word document (docx)"),
    _binary("sheet.xlsx", _zip("xl/workbook.xml"), "an Excel workbook (xlsx)"),
    _binary("texts.gz", b"\x1f\x8b\x08\0" + bytes(60), "a gzip archive"),
    _binary("texts.bz2", b"BZh91AY&SY" + bytes(60), "a bzip2 archive"),
    _binary("texts.xz", b"\xfd7zXZ\0" + bytes(60), "an xz archive"),
    _binary("texts.7z", b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    _binary("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(60), "a PNG image"),
    _binary("picture.jpg", b"\xff\xd8\xff\xe0" + bytes(60), "a JPEG image"),
    _binary("old.doc", b"\xd0\xcf\x11\xe0" + bytes(60), "an old Office document"),
    _binary("letter.rtf", b"{\\rtf1 hello}", "an RTF document"),
    Dirty(
        "runs.sqlite",
        b"SQLite format 3\0" + bytes(60),
        DATA,
        "{}: an SQLite database, not plain text; say which texts to read with --data.query",
    ),
    _binary("program", b"\x7fELF\x02\x01" + bytes(60), "a program"),
    _binary("controls.bin", bytes(range(1, 32)) * 20, "a binary file"),
    Dirty("nul.txt", b"abcd\0efgh" + PLAIN.encode(), DATA, NUL),
    Dirty("nuls.bin", b"abcd" + bytes(500), DATA, NUL),
)
ENCODINGS = (
    _text("utf-8.txt", UMLAUTS, "utf-8", "read as UTF-8"),
    _text("utf-8-mark.txt", UMLAUTS, "utf-8-sig", "read as UTF-8 with byte-order mark"),
    _text("utf-16-le.txt", PLAIN, "utf-16-le", "read as UTF-16 LE without byte-order mark"),
    _text("utf-16-be.txt", PLAIN, "utf-16-be", "read as UTF-16 BE without byte-order mark"),
    _text("utf-16-le-mark.txt", CHINESE, "utf-16-le", "read as UTF-16 LE", b"\xff\xfe"),
    _text("utf-16-be-mark.txt", CHINESE, "utf-16-be", "read as UTF-16 BE", b"\xfe\xff"),
    _text("utf-32-le.txt", PLAIN, "utf-32-le", "read as UTF-32 LE without byte-order mark"),
    _text("utf-32-be.txt", PLAIN, "utf-32-be", "read as UTF-32 BE without byte-order mark"),
    _text("utf-32-le-mark.txt", CHINESE, "utf-32-le", "read as UTF-32 LE", b"\xff\xfe\0\0"),
    _text("utf-32-be-mark.txt", CHINESE, "utf-32-be", "read as UTF-32 BE", b"\0\0\xfe\xff"),
    _text("cp1252.txt", UMLAUTS, "cp1252", "read as cp1252"),
    _text("gb18030.txt", CHINESE, "gb18030", "read as GB18030"),
    Dirty(
        "cp1251.txt",
        ("Москва, как много в этом звуке\n" * 4).encode("cp1251"),
        READ,
        "which may be wrong; if the text looks broken, give its encoding",
    ),
    Dirty(
        "mixed.txt",
        UMLAUTS.encode() + b"one bad \xe4 byte\n",
        READ,
        "{}: mixed encodings: 1 byte is not UTF-8, the first at byte "
        f"{len(UMLAUTS.encode()) + 8}; read as cp1252, the rest as UTF-8",
    ),
    Dirty(
        "surrogate.txt",
        PLAIN.encode() + b"\xed\xa0\x80\n",
        DATA,
        f"{{}}: byte {len(PLAIN)} is a lone surrogate (ed a0 80), {LONE}",
    ),
    Dirty(
        "wide-surrogate.txt",
        b"\xff\xfea\0\0\xd8b\0",
        DATA,
        f"{{}}: byte 4 is a lone surrogate (00 d8), {LONE}",
    ),
    Dirty(
        "cut-utf-16.txt",
        b"\xff\xfea\0b",
        DATA,
        "{}: byte 4 is not UTF-16 LE (62: truncated data); leave the encoding out or give another",
    ),
    Dirty(
        "wide-nul.txt",
        "ab\0c".encode("utf-16"),
        DATA,
        "{}: character 2 is NUL (U+0000), which text never holds; remove it",
    ),
)
CHARACTERS = (
    Dirty("crlf.txt", PLAIN.replace("\n", "\r\n").encode(), READ, "{}: line ends CR LF or CR"),
    Dirty("cr.txt", PLAIN.replace("\n", "\r").encode(), READ, "{}: line ends CR LF or CR"),
    Dirty("mixed-ends.txt", b"a\rb\r\nc\n" * 30, READ, "{}: line ends CR LF or CR"),
    _text("emoji.txt", EMOJI, "utf-8", "read as UTF-8"),
    _text("marks.txt", MARKS, "utf-8", "read as UTF-8"),
    _text("hebrew.txt", HEBREW, "utf-8", "read as UTF-8"),
    _text("arabic.txt", ARABIC, "utf-8", "read as UTF-8"),
    _text("override.txt", "a\u202eb\u2066c\u2069 d\n" * 20, "utf-8", "read as UTF-8"),
    _text("escapes.txt", "\x1b[31mred\x1b[0m \x1b]0;title\x07 and some more words\n" * 9, "utf-8",
          "read as UTF-8"),
    _text("separators.txt", "a\u2028b\u2029c\x0bd\x0ce\x85f\n" * 20, "utf-8", "read as UTF-8"),
    _text("noncharacters.txt", "a\ufffe\uffff\U0010ffff b\n" * 20, "utf-8", "read as UTF-8"),
    _text("zalgo.txt", "a" + "\u0301" * 5_000, "utf-8", "read as UTF-8"),
    _text("name with spaces.txt", PLAIN, "utf-8", "read as UTF-8"),
    _text("x" * 200 + ".txt", PLAIN, "utf-8", "read as UTF-8"),
)  # fmt: skip
PLACES = (
    Dirty("folder", Path.mkdir, DATA,
          "{}: the folder holds no file to read; put text files into it"),
    Dirty("loop.txt", lambda path: path.symlink_to(path.name), NOT_FOUND,
          ABSENT),
    Dirty("looping-folder", _looping, READ, "read as UTF-8"),
    Dirty("pipe.txt", os.mkfifo, DATA,
          "{}: neither a file nor a folder; save its content to a file first"),
    Dirty("missing.xyzzy", lambda path: None, NOT_FOUND,
          ABSENT),
    Dirty("locked.txt", lambda path: os.chmod(_touched(path, PLAIN), 0), DATA,
          "{}: no permission to read it; change its permissions or copy it"),
)  # fmt: skip
ALL = SIZES + BINARY + ENCODINGS + CHARACTERS + PLACES


def make(folder):
    """Write every file."""
    for case in ALL:
        path = folder / case.name
        if callable(case.content):
            case.content(path)
        else:
            path.write_bytes(case.content)
