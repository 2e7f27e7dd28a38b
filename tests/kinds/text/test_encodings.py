import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import DataError
from serinette.kinds.text.encodings import decode

ENGLISH = "It was the best of times, it was the worst of times.\n"
FRENCH = "L’été, où étiez-vous ? À la plage — déjà là, près de l’île.\n"
CHINESE = "床前明月光,疑是地上霜。举头望明月,低头思故乡。\n今天天气很好,我们去公园散步吧。\n"
RUSSIAN = "Мороз и солнце; день чудесный!\n"
MIXED = "naïve 🙂 日本語 café\n"
NO_MARK = " without byte-order mark"


@pytest.mark.parametrize("text", [ENGLISH, FRENCH, CHINESE, RUSSIAN, MIXED])
@pytest.mark.parametrize(
    ("codec", "mark", "label"),
    [
        ("utf-8", b"", "UTF-8"),
        ("utf-8", codecs.BOM_UTF8, "UTF-8 with byte-order mark"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "UTF-16 LE"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "UTF-16 BE"),
        ("utf-32-le", codecs.BOM_UTF32_LE, "UTF-32 LE"),
        ("utf-32-be", codecs.BOM_UTF32_BE, "UTF-32 BE"),
        ("utf-16-le", b"", "UTF-16 LE" + NO_MARK),
        ("utf-16-be", b"", "UTF-16 BE" + NO_MARK),
        ("utf-32-le", b"", "UTF-32 LE" + NO_MARK),
        ("utf-32-be", b"", "UTF-32 BE" + NO_MARK),
    ],
)
def test_every_unicode_encoding_is_found(text, codec, mark, label):
    decoded = decode(mark + text.encode(codec), "n.txt")
    assert (decoded.text, decoded.encoding, decoded.warnings) == (text, label, ())


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [(FRENCH, "cp1252", "cp1252"), (CHINESE, "gb18030", "GB18030"), (CHINESE, "gbk", "GB18030")],
)
def test_the_two_legacy_encodings_are_told_apart(text, codec, label):
    decoded = decode(text.encode(codec), "n.txt")
    assert (decoded.text, decoded.encoding, decoded.warnings) == (text, label, ())


def test_a_long_wide_text_is_judged_by_its_beginning():
    text = ("🙂" + ENGLISH) * 3000
    assert decode(text.encode("utf-16-le"), "n.txt").text == text


@pytest.mark.parametrize(
    ("data", "label", "first"),
    [
        (RUSSIAN.encode("cp1251"), "cp1252", 0),
        (b"a caf\xe9", "cp1252", 5),
        ("ab 月".encode("gb18030"), "GB18030", 3),
        (b"\x81\x8d one two \xe9 \xe8 \xe0", "cp1252", 0),
    ],
)
def test_an_unsure_decision_is_said_to_be_one(data, label, first):
    decoded = decode(data, "n.txt")
    assert decoded.encoding == label
    assert decoded.warnings == (
        f"n.txt: not UTF-8 (byte {first} is {data[first]:#04x}); read as {label}, which may be "
        "wrong; if the text looks broken, give its encoding",
    )


def test_a_few_bad_bytes_in_utf8_are_kept_and_said():
    data = "é".encode() * 9 + b"caf\xe9 \x81" + MIXED.encode()
    decoded = decode(data, "n.txt")
    assert decoded.text == "é" * 9 + "café \x81" + MIXED
    assert decoded.encoding == "UTF-8"
    assert decoded.warnings == (
        "n.txt: mixed encodings: 2 bytes are not UTF-8, the first at byte 21; "
        "read as cp1252, the rest as UTF-8",
    )


def test_one_bad_byte_after_a_mark_is_said_too():
    decoded = decode(codecs.BOM_UTF8 + "éééé".encode() + b"\xe9", "n.txt")
    assert decoded.text == "ééééé"
    assert "1 byte is not UTF-8, the first at byte 11;" in decoded.warnings[0]


@given(st.binary(min_size=1, max_size=40).filter(lambda data: b"\0" not in data))
def test_no_byte_is_ever_dropped(data):
    try:
        decoded = decode(b"ab " + data, "n.txt")
    except DataError as error:
        assert "lone surrogate" in str(error)  # noqa: PT017 - the only way to refuse
        return
    codec = {"cp1252": "cp1252", "GB18030": "gb18030", "UTF-8": "utf-8"}[decoded.encoding]
    if decoded.encoding == "UTF-8" and decoded.warnings:
        assert len(decoded.text) >= 3 + len(data) / 4
    elif all(not 0x80 <= ord(c) < 0xA0 for c in decoded.text):
        assert decoded.text.encode(codec) == b"ab " + data


@pytest.mark.parametrize(
    ("data", "encoding", "message"),
    [
        (
            b"some text\0 more",
            None,
            "n.txt: byte 9 is NUL, which text never holds: this looks like a binary file; "
            "export it as plain text, or give its encoding",
        ),
        (
            codecs.BOM_UTF16_LE + b"a\0\x00\xd8b\0",
            None,
            "n.txt: byte 4 is a lone surrogate (00 d8), which is not a character; "
            "save the file as UTF-8",
        ),
        (
            b"abc\xed\xa0\x80def",
            None,
            "n.txt: byte 3 is a lone surrogate (ed a0 80), which is not a character; "
            "save the file as UTF-8",
        ),
        (
            codecs.BOM_UTF16_LE + b"a\0b",
            None,
            "n.txt: byte 4 is not UTF-16 LE (62: truncated data); "
            "leave the encoding out or give another",
        ),
        (
            b"caf\xe9",
            "utf-8",
            "n.txt: byte 3 is not utf-8 (e9: unexpected end of data); "
            "leave the encoding out or give another",
        ),
    ],
)
def test_what_cannot_be_text_is_refused_with_its_offset(data, encoding, message):
    with pytest.raises(DataError) as caught:
        decode(data, "n.txt", encoding)
    assert str(caught.value) == message


def test_what_the_user_says_is_believed():
    decoded = decode("naïve".encode("cp1252"), "n.txt", "latin-1")
    assert (decoded.text, decoded.encoding) == ("naïve", "latin-1")
    assert decode(CHINESE.encode("big5", "ignore"), "n.txt", "big5").text[:2] == "床前"
