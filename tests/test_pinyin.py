"""How Chinese names are read: the table is pypinyin's, without what makes no difference."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin
from pypinyin.constants import PHRASES_DICT

from tenants import pinyin
from tests.pinyin_table import lines

NAMES = [
    "上海万达电子有限公司",
    "重庆火锅店",
    "长沙银行",
    "北京朝阳区",
    "厦门大学",
    "乐山大佛",
    "王小明",
    "都江堰市",
    "六安市",
    "单田芳",
]


def test_the_table_is_what_the_dictionaries_say() -> None:
    assert Path(pinyin.__file__).with_suffix(".txt").read_text("utf-8").splitlines() == lines()


def test_names_and_phrases_are_read_as_pypinyin_reads_them() -> None:
    for name in (*NAMES, *list(PHRASES_DICT)[::10]):
        if all(map(pinyin.HAN.fullmatch, name)):
            assert pinyin.syllables(name) == lazy_pinyin(name), name


def test_what_is_not_chinese_is_left_out() -> None:
    assert pinyin.syllables("Müller & 张三 GmbH, 第2号") == ["zhang", "san", "di", "hao"]
    assert pinyin.syllables("") == []
    assert pinyin.syllables("Ann 🎉 ありがとう") == []


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x4E40), max_size=12))
def test_each_character_has_one_reading_at_most(text: str) -> None:
    assert len(pinyin.syllables(text)) <= len(text)
    assert all(found.isascii() and found.islower() for found in pinyin.syllables(text))
