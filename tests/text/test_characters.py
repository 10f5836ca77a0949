"""The style for scripts without spaces: its tokens, where its sentences end, and what a language changes."""

from __future__ import annotations

import itertools
import pathlib
import unicodedata

import pytest
import tensorflow_text
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.corpora import formats, statistics
from jner_re.corpora.tokenization_fit import as_text, difference
from jner_re.text.sentences import split
from jner_re.text.tokenization import LANGUAGE_PATTERNS, SPACE_PATTERN, TOKEN_PATTERNS, tokenize

SCRIPTS = (
    "CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA", "BOPOMOFO",
    "THAI", "LAO", "KHMER", "MYANMAR",
)  # fmt: skip
OF_SCRIPTS = [chr(code) for code in range(0x40000) if unicodedata.name(chr(code), "").startswith(SCRIPTS)]


def words(text: str, style: str = "characters", language: str = "en") -> list[str]:
    return [token.text for token in tokenize(text, style, language)]


def marked(text: str, style: str = "characters", language: str = "en") -> str:
    """The text with "|" where a sentence begins that is not the first."""
    starts = [tokens[0].start for tokens in split(text, style, language=language)]
    return "|".join(text[a:b] for a, b in itertools.pairwise([0, *starts[1:], len(text)]))


def test_letters_are_what_unicode_calls_so() -> None:
    """A letter is a token, wherever it stands; a combining mark belongs to the one before."""
    sound_marks = "\uff9e\uff9f"
    for char in OF_SCRIPTS:
        category = unicodedata.category(char)
        if category[0] == "M" or char in sound_marks:
            assert words(f"薬{char}薬")[0].startswith(f"薬{char}"), hex(ord(char))
        elif category[0] == "L":
            assert words(f"a{char}薬{char}b") == ["a", char, "薬", char, "b"], hex(ord(char))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("症例は７０歳，男性．", "症 例 は ７０ 歳 ， 男 性 ．"),
        ("ＰＳＬ３０ｍｇ／ｄａｙとＳ－１", "ＰＳＬ ３０ ｍｇ ／ ｄａｙ と Ｓ － １"),
        ("PSL30mg、1,000.5mgと5-FU", "PSL30mg 、 1,000.5 mg と 5 - FU"),
        ("ｶﾞｲﾄﾞ・か\u3099き〱々ー", "ｶﾞ ｲ ﾄﾞ ・ か\u3099 き 〱 々 ー"),
        ("𠮷野家と㐂寿", "𠮷 野 家 と 㐂 寿"),
        ("ㄅㄆ我們2024年", "ㄅ ㄆ 我 們 2024 年"),
        ("น้ำที่๑๒", "น้ ำ ที่ ๑๒"),
        ("ລາວ ເດັກ", "ລ າ ວ ເ ດັ ກ"),
        ("ខ្មែរ។", "ខ្មែ រ ។"),
        ("မြန်မာ၊ စက္ကူ။", "မြ န် မာ ၊ စ က္ကူ ။"),
        ("한국어 Paget's", "한국어 Paget 's"),
    ],
)
def test_tokens(text: str, expected: str) -> None:
    assert words(text) == expected.split(" ")


@given(st.text(st.characters(codec="utf-8", max_codepoint=0x24F)))
def test_text_in_latin_letters_is_fine(text: str) -> None:
    """Whose sentences, too, are those of "fine"."""
    for language in LANGUAGE_PATTERNS:
        assert words(text, language=language) == words(text, "fine", language)
        assert marked(text, language=language) == marked(text, "fine", language)


@settings(max_examples=30)
@given(
    st.lists(
        st.text(st.sampled_from([*"aSDr.'’s5 5-１．", *OF_SCRIPTS]), max_size=30), min_size=1, max_size=20
    ),
    st.sampled_from(sorted(TOKEN_PATTERNS)),
    st.sampled_from(sorted(LANGUAGE_PATTERNS)),
)
def test_tensorflow_reads_the_patterns_alike(texts: list[str], style: str, language: str) -> None:
    pattern = LANGUAGE_PATTERNS[language][style]
    found = tensorflow_text.regex_split(texts, f"{pattern}|{SPACE_PATTERN}", pattern).to_list()
    assert [[word.decode() for word in row] for row in found] == [
        words(text, style, language) for text in texts
    ]


def test_entities_of_japanese_case_reports_are_whole_tokens(shared: pathlib.Path) -> None:
    """docs/corpora.md quotes the figures."""
    folder = shared / "data" / "keepha_ja"
    read = {style: formats.load(folder, "brat", style) for style in TOKEN_PATTERNS}
    table = statistics.tokenization_table(read)
    print(table)
    assert table.loc["characters"].tolist() == [510, 510]
    assert table.loc["fine", "whole tokens"] < 70


@pytest.mark.parametrize(
    "expected",
    [
        "症例は男性．|血疾を主訴に来院した。|発熱！|本当？|はい",
        "改善した。 |その後。\n|退院｡|ｶﾙﾃ",
        # Closing quotes and brackets belong to the sentence, which goes on with a particle or a comma.
        "「はい。」|彼は去った。|『終。』）|次",
        "「はい。」と言った。|（注。）を読む。|「はい。」、と。",
        "他去了。|“你好。”|他说。",
        # Nothing ends inside a pair; what is not closed ends with the word.
        "「はい。いいえ。」と言った。|次",
        "（熱。咳。）を認め（『痛い。』と。）の次。|終",
        "「開く。閉じない。 |「はい。」|終。",
        # Numbers and names.
        "体重３．５ｋｇ．|Ｅ．ｃｏｌｉ陽性．|２日目。",
        "mRNAは陽性。|mRNAは陰性。",
        # What is left to white space, and to other marks.
        "He went.No break. |Mr. Lee said.」 |次",
        "本当?はい",
        "ខ្មែរ។|មួយ",
        "မြန်မာ။|စာ၊ စာ",
        "สวัสดี ครับ",
    ],
)
def test_sentences(expected: str) -> None:
    assert marked(expected.replace("|", "")) == expected


@pytest.mark.parametrize("style", ["news", "fine", "whitespace"])
def test_other_styles_need_white_space(style: str) -> None:
    assert marked("他去了。她留下。「はい。」次", style) == "他去了。她留下。「はい。」次"


@pytest.mark.parametrize(
    ("text", "english", "other"),
    [
        ("Er sah Dr. Müller im Jan. Danach ging er.", ["sah Dr. Müller"], ["Dr", "Jan", "."]),
        ("L'été d's n't", ["'s"], ["'"]),
    ],
)
def test_tokens_of_a_language(text: str, english: list[str], other: list[str]) -> None:
    joined = f" {' '.join(words(text, 'news'))} "
    assert all(f" {word} " in joined for word in english)
    assert set(other) <= set(words(text, "news", "other"))
    assert not {"Dr.", "Jan.", "'s"} & set(words(text, "news", "other"))


@pytest.mark.parametrize("style", sorted(TOKEN_PATTERNS))
def test_sentences_of_a_language(style: str) -> None:
    """Abbreviations are those of English; initials are everywhere."""
    text = "Er sah Dr. Müller. S. 5 von J. R. Tolkien, z.B. Das. Siehe No. 5. Die U.S. The end."
    assert marked(text, style) == (
        "Er sah Dr. Müller. |S. 5 von J. R. Tolkien, z.B. Das. |Siehe No. 5. |Die U.S. |The end."
    )
    assert marked(text, style, "other") == (
        "Er sah Dr. |Müller. |S. 5 von J. R. Tolkien, z.B. Das. |Siehe No. |5. |Die U.S. The end."
    )


def test_tokens_become_readable_text() -> None:
    for text in ("症例は７０歳，男性．「はい」と・", "ＰＳＬ（３０ｍｇ）を投与。", "น้ำที่นี่", "我去了。"):
        tokens = words(text)
        again, places = as_text(tokens)
        assert [again[a:b] for a, b in places] == tokens
        assert difference(tokens, "characters") is None
        assert again.replace("ＰＳＬ (", "ＰＳＬ(").replace("３０ ｍｇ", "３０ｍｇ") == text
