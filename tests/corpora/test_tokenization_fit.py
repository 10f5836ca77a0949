"""Which style fits a corpus, told in numbers."""

from __future__ import annotations

import pathlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sentence_strategy import ANY_TEXT

from jner_re.corpora import ade_rel, formats, statistics
from jner_re.corpora.alignment import whole_tokens
from jner_re.corpora.corpus import Corpus
from jner_re.corpora.tokenization_fit import as_text, bounded, difference, misfit, warn_of_misfit
from jner_re.schema import EntitySpan, Sentence
from jner_re.text.tokenization import TOKEN_PATTERNS, tokenize

TEXTS = (
    "A follow-up with Dr. Lee (5-FU) cost $1,000; it didn't help.",
    "The well-known drug-induced rash.",
    'He said: "No, not in Oslo!" again.',
)
TOKEN = st.text(st.sampled_from("ab1,.-/'\"()$`%é"), min_size=1, max_size=3)
TOKENS = st.lists(TOKEN, min_size=1, max_size=8)
ANY_TOKENS = st.lists(st.one_of(TOKEN, ANY_TEXT), min_size=1, max_size=8)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("style", ["news", "fine"])
def test_tokens_are_put_together_again(text: str, style: str) -> None:
    tokens = tokenize(text, style)
    assert as_text([token.text for token in tokens]) == (text, [(token.start, token.end) for token in tokens])
    assert difference([token.text for token in tokens], style) is None


@given(TOKENS, st.sampled_from(sorted(TOKEN_PATTERNS)))
def test_a_difference_is_of_the_same_characters(tokens: list[str], style: str) -> None:
    text, places = as_text(tokens)
    assert [text[start:end] for start, end in places] == tokens
    assert "".join(text.split()) == "".join(tokens)
    found = difference(tokens, style)
    if found:
        ours, theirs = found
        assert ours != theirs and "".join(ours) == "".join(theirs)
    else:
        assert [token.text for token in tokenize(text, style)] == tokens


@example(["Hello", "world "], "news")
@example([" "], "fine")
@given(ANY_TOKENS, st.sampled_from(sorted(TOKEN_PATTERNS)))
def test_tokens_of_any_characters_may_differ(tokens: list[str], style: str) -> None:
    sentence = Sentence(tuple(tokens), (EntitySpan(0, len(tokens), "A"),))
    assert 0 <= bounded([sentence], style) <= 1
    found = difference(tokens, style)
    if found:
        ours, theirs = ("".join("".join(part).split()) for part in found)
        assert found[0] != found[1] and ours == theirs
        assert misfit([sentence], style) == "" or misfit([sentence], style).startswith("1 of 1 sentences")
    else:
        assert [token.text for token in tokenize(as_text(tokens)[0], style)] == tokens


def sentences(style: str) -> list[Sentence]:
    return [Sentence(tuple(token.text for token in tokenize(text, style))) for text in TEXTS]


def test_the_best_style_is_named_with_an_example() -> None:
    for style in TOKEN_PATTERNS:
        assert misfit(sentences(style), style) == ""
    told = misfit(sentences("fine"), "news")
    assert told.startswith(
        "2 of 3 sentences have other tokens than --tokenization=news, in which the model will"
    )
    assert "'follow - up', where it makes 'follow-up'" in told
    assert told.endswith("--tokenization=fine fits best (0 have others)")


def test_a_style_that_no_model_has_is_not_advised() -> None:
    written = [Sentence(("a", "ready-made-ish,thing")), Sentence(("of", "5-FU/no-one"))]
    for style in ("news", "fine"):
        assert difference(written[0].tokens, style) and not difference(written[0].tokens, "whitespace")
        told = misfit(written, style)
        assert "whitespace" not in told
        assert told.endswith("; no style of a model fits, --tokenization=news comes closest (2 have others)")
    assert misfit(sentences("fine") * 100 + written[:1], "news").endswith(
        "; --tokenization=fine fits best (1 have others)"
    )


def test_entities_at_the_ends_of_tokens_are_counted() -> None:
    sentence = Sentence(
        ("a", "drug", "-", "induced", "rash"), (EntitySpan(1, 2, "Drug"), EntitySpan(4, 5, "Effect"))
    )
    assert {style: bounded([sentence], style) for style in TOKEN_PATTERNS} == {
        "news": 1, "fine": 2, "whitespace": 1, "characters": 2
    }  # fmt: skip
    corpus = Corpus([sentence], [])
    table = statistics.tokenization_table(dict.fromkeys(TOKEN_PATTERNS, corpus))
    assert table.loc["news"].tolist() == [1, 2] and table.loc["fine"].tolist() == [2, 2]


def test_text_is_counted_as_it_is_read(tmp_path: pathlib.Path) -> None:
    (path := tmp_path / "a.rel").write_text("1|Rash from drug-induced.|Rash|0|4|drug|10|14\n")
    read = {style: ade_rel.load(path, style) for style in TOKEN_PATTERNS}
    assert statistics.tokenization_table(read)["whole tokens"].to_dict() == {
        "news": 1, "fine": 2, "whitespace": 1, "characters": 2
    }  # fmt: skip
    [warning] = read["news"].warnings
    assert warning.expected == "whole tokens (--tokenization=fine has them)"


def test_different_entities_are_counted_once_and_before_they_merge_or_overlap(tmp_path: pathlib.Path) -> None:
    text = "Severe xfoobar after aspirin."
    rows = [f"1|{text}|{effect}|aspirin|21|28\n" for effect in ("foo|8|11", "xfoo|7|11", "xfoo|7|11")]
    (path := tmp_path / "a.rel").write_text("".join(rows))
    (tmp_path / "a.txt").write_text(text)
    spans = ("A 8 11\tfoo", "A 7 11\txfoo", "A 7 11\txfoo", "B 21 28\taspirin")
    (tmp_path / "a.ann").write_text("".join(f"T{i}\t{span}\n" for i, span in enumerate(spans)))
    for format, source in (("ade", path), ("brat", tmp_path)):
        read = {style: formats.load(source, format, style) for style in TOKEN_PATTERNS}
        assert statistics.tokenization_table(read).T.to_dict("list") == {
            "news": [1, 3], "fine": [1, 3], "whitespace": [0, 3], "characters": [1, 3]
        }  # fmt: skip


def test_styles_that_have_a_span() -> None:
    assert whole_tokens("a-b c", 0, 1) == "whole tokens (--tokenization=fine has them)"
    assert whole_tokens("a-b c", 4, 5).endswith(
        "=news or --tokenization=fine or --tokenization=whitespace has them)"
    )
    assert whole_tokens("abc", 0, 2) == "whole tokens"


def test_a_misfit_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    warn_of_misfit(sentences("news"), "news")
    assert not caplog.records
    warn_of_misfit(sentences("fine"), "news")
    assert [record.getMessage() for record in caplog.records] == [misfit(sentences("fine"), "news")]
