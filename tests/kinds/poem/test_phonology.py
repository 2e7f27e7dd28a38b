import builtins
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError, MissingExtraError
from serinette.kinds.poem import xinyun
from serinette.kinds.poem.phonology import LEVEL_BIT, OBLIQUE_BIT, Phonology, table_for
from serinette.kinds.poem.tables import read_table

BOOK = read_table("pingshui")
EXTRA = read_table("variants")
RHYMES = {**BOOK["level"], **BOOK["oblique"]}
CHARACTERS = st.text(
    st.one_of(st.sampled_from(sorted(set("".join(RHYMES.values())))), st.characters()), max_size=20
)


def test_the_table_has_30_level_and_76_oblique_rhymes_without_repetition():
    assert (len(BOOK["level"]), len(BOOK["oblique"])) == (30, 76)
    assert all(len(set(characters)) == len(characters) for characters in RHYMES.values())
    assert len(set("".join(RHYMES.values()))) == 8550
    assert all("licence" in read_table(name) for name in ("pingshui", "variants", "simplified"))


def test_a_variant_stands_for_a_character_that_is_known_and_is_not_known_itself():
    known = set("".join(RHYMES.values()))
    added = "".join(EXTRA["additions"].values())
    pairs = EXTRA["variants"].split()
    assert all(len(pair) == 2 for pair in pairs)
    assert not {pair[0] for pair in pairs} & (known | set(added))
    assert {pair[1] for pair in pairs} <= known | set(added)
    assert set(EXTRA["additions"]) <= set(RHYMES)


def test_what_is_added_to_a_rhyme_was_not_in_it():
    for rhyme, characters in EXTRA["additions"].items():
        assert not set(characters) & set(RHYMES[rhyme])
        assert len(set(characters)) == len(characters)


@pytest.mark.parametrize(
    ("character", "tones", "rhymes"),
    [
        ("東", "平", ("一東",)),
        ("月", "仄", ()),
        ("重", "平仄", ("二冬",)),
        ("爲", "平仄", ("四支",)),
        ("溪", "平", ("八齊",)),
        ("啼", "平", ("八齊",)),
        ("群", "平", ("十二文",)),
        ("东", "平", ("一東",)),
        ("却", "仄", ()),
        ("x", "", ()),
        ("，", "", ()),
    ],
)
def test_pingshui_knows_tones_and_level_rhymes(character, tones, rhymes):
    book = Phonology()
    assert book.tones(character) == frozenset(tones)
    assert book.rhymes(character) == rhymes


def test_a_simplified_character_has_the_readings_of_all_its_traditional_forms():
    assert Phonology().rhymes("干") == ("十四寒",)
    assert Phonology().tones("干") == {"平"}
    simplified = Phonology(is_simplified=True)
    assert simplified.rhymes("干") == ("十四寒", "一先")
    assert simplified.tones("干") == {"平", "仄"}


@given(CHARACTERS)
def test_the_table_says_what_the_book_says(characters):
    tones, rhymes, names = table_for(characters)
    assert (tones.dtype, rhymes.dtype, len(names)) == (np.uint8, np.int64, 30)
    from serinette.kinds.poem.script import is_simplified

    book = Phonology(is_simplified=is_simplified(characters))
    for character, tone, mask in zip(characters, tones, rhymes, strict=True):
        assert bool(tone & LEVEL_BIT) == ("平" in book.tones(character))
        assert bool(tone & OBLIQUE_BIT) == ("仄" in book.tones(character))
        found = {name for place, name in enumerate(names) if mask >> place & 1}
        assert found == set(book.rhymes(character))
        assert not found or tone & LEVEL_BIT


def test_a_character_of_several_level_rhymes_has_a_bit_for_each():
    tones, rhymes, names = table_for("逢月")
    assert tones.tolist() == [LEVEL_BIT, OBLIQUE_BIT]
    assert rhymes.tolist() == [sum(1 << names.index(name) for name in ("一東", "二冬", "三江")), 0]


def test_a_simplified_vocabulary_is_told_by_itself():
    assert table_for("干")[0].tolist() == [LEVEL_BIT]
    assert table_for("干头乡")[0].tolist()[0] == LEVEL_BIT | OBLIQUE_BIT
    assert table_for("干頭鄉")[0].tolist()[0] == LEVEL_BIT


def test_an_unknown_book_is_refused():
    with pytest.raises(
        ConfigError, match="rhyme book 'cilin' is not known; use pingshui or xinyun"
    ):
        Phonology("cilin")


@pytest.mark.parametrize(
    ("group", "syllables"),
    [
        ("一麻", "a1 ma1 jia1 hua1"),
        ("二波", "o1 e2 wo1 he2 duo1 bo2"),
        ("三皆", "jie1 ye2 yue1 xue2 lve1"),
        ("四开", "kai1 huai2"),
        ("五微", "wei1 hui1 fei1"),
        ("六豪", "hao2 yao1 miao2"),
        ("七尤", "you2 liu2 hou2"),
        ("八寒", "han2 yan2 yuan2 huan1"),
        ("九文", "wen2 yin1 yun2 jun1 chun1 men2"),
        ("十唐", "tang2 yang2 wang2 huang1"),
        ("十一庚", "geng1 ying1 dong1 qiong2 yong1 weng1"),
        ("十二齐", "qi2 yi1 er2 yu2 ju1 lv2 xi1 li2"),
        ("十三支", "zhi1 chi1 shi2 ri1 zi1 ci2 si1"),
        ("十四姑", "gu1 wu2 chu1 fu2"),
    ],
)
def test_a_syllable_rhymes_by_its_spelling(group, syllables):
    for syllable in syllables.split():
        assert xinyun.reading_of(syllable) == ("平", group)
        assert xinyun.reading_of(syllable[:-1] + "4") == ("仄", group)


def test_the_tone_of_a_syllable_is_its_number():
    tones = [xinyun.reading_of(f"ma{tone}") for tone in "1234"]
    assert [reading and reading.tone for reading in tones] == ["平", "平", "仄", "仄"]
    assert [xinyun.reading_of(syllable) for syllable in ("ma", "de5", "", "m2")] == [None] * 4


@pytest.fixture
def forgetful():
    xinyun._syllables.cache_clear()
    yield
    xinyun._syllables.cache_clear()


@pytest.mark.usefixtures("forgetful")
def test_without_pypinyin_the_modern_book_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **keywords):
        if name.startswith("pypinyin"):
            raise ImportError(name)
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"pypinyin.*pip install 'serinette\[poem\]'"):
        Phonology("xinyun").tones("中")


@pytest.mark.skipif(find_spec("pypinyin") is None, reason="pypinyin is not installed")
@pytest.mark.parametrize(
    ("character", "tones", "rhymes"),
    [
        ("东", "平", ("十一庚",)),
        ("東", "平", ("十一庚",)),
        ("雪", "仄", ()),
        ("儿", "平", ("十二齐",)),
        ("长", "平仄", ("十唐",)),
        ("知", "平", ("十三支",)),
        ("x", "", ()),
        ("，", "", ()),
    ],
)
def test_xinyun_knows_how_characters_sound_today(character, tones, rhymes):
    book = Phonology("xinyun")
    assert book.tones(character) == frozenset(tones)
    assert book.rhymes(character) == rhymes
    assert len(table_for(character, "xinyun")[2]) == 14
