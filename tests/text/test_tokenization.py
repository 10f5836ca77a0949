from __future__ import annotations

import itertools
import pathlib

import pytest
import tensorflow_text
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.corpora import spert_json
from jner_re.corpora.tokenization_fit import as_text
from jner_re.document import Token
from jner_re.text.tokenization import SPACE_PATTERN, TOKEN_PATTERNS, tokenize

TEXTS = st.text(
    st.one_of(
        st.sampled_from("aStSre.,-'’\"$0129 \t\n_()/%éÉ中\u0301\u00a0\u2014€"),
        st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"),
    ),
    max_size=30,
)


def words(text: str, style: str) -> list[str]:
    return [token.text for token in tokenize(text, style)]


@settings(deadline=None)
@given(TEXTS, st.sampled_from(sorted(TOKEN_PATTERNS)))
def test_tokens_hold_everything_but_white_space(text: str, style: str) -> None:
    tokens = tokenize(text, style)
    assert all(text[token.start : token.end] == token.text for token in tokens)
    assert "".join(words(text, style)) == "".join(text.split())
    assert all(a.end <= b.start for a, b in itertools.pairwise(tokens))


@settings(deadline=None)
@given(TEXTS)
def test_whitespace_style_is_split(text: str) -> None:
    assert words(text, "whitespace") == text.split()


@settings(max_examples=30, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=20), st.sampled_from(sorted(TOKEN_PATTERNS)))
def test_tensorflow_reads_the_patterns_alike(texts: list[str], style: str) -> None:
    pattern = TOKEN_PATTERNS[style]
    found = tensorflow_text.regex_split(texts, f"{pattern}|{SPACE_PATTERN}", pattern).to_list()
    assert [[word.decode() for word in row] for row in found] == [words(text, style) for text in texts]


def test_offsets_are_code_points() -> None:
    assert tokenize("𝒜é left.", "fine") == [Token("𝒜é", 0, 2), Token("left", 3, 7), Token(".", 7, 8)]


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        (
            "Sen. Lee, D-Ariz., paid $394.9 in the U.S.",
            "news",
            "Sen. Lee , D-Ariz. , paid $394.9 in the U.S.",
        ),
        ("70-mph winds -- it doesn't...", "news", "70-mph winds -- it doesn 't ..."),
        ("Ethiopia's 'new' court (1,000 seats).", "news", "Ethiopia 's ' new ' court ( 1 , 000 seats ) ."),
        ("azithromycin-induced, 1,000.5 mg/day.", "fine", "azithromycin - induced , 1,000.5 mg / day ."),
        ("Paget's disease (5-FU) in the U.S.", "fine", "Paget 's disease ( 5 - FU ) in the U . S ."),
        ("café—naïve «x»", "fine", "café — naïve « x »"),
    ],
)
def test_examples(text: str, style: str, expected: str) -> None:
    assert words(text, style) == expected.split(" ")


@pytest.mark.parametrize(("style", "words_f1", "entities_found"), [("news", 0.99, 0.98), ("fine", 0.94, 1.0)])
def test_agreement_with_conll04(
    shared: pathlib.Path, style: str, words_f1: float, entities_found: float
) -> None:
    """docs/corpora.md quotes the exact figures."""
    right = found = wanted = entities = bounded = 0
    for split in ("train", "dev", "test"):
        for sentence in spert_json.read(shared / "data" / "conll04" / f"{split}.json"):
            text, places = as_text(sentence.tokens)
            tokens = [(token.start, token.end) for token in tokenize(text, style)]
            right += len(set(tokens) & set(places))
            found, wanted = found + len(tokens), wanted + len(places)
            starts, ends = {start for start, _ in tokens}, {end for _, end in tokens}
            for entity in sentence.entities:
                entities += 1
                bounded += places[entity.start][0] in starts and places[entity.end - 1][1] in ends
    print(f"{style}: words F1 {200 * right / (found + wanted):.2f}, entities {bounded} of {entities}")
    assert 2 * right / (found + wanted) > words_f1
    assert bounded / entities >= entities_found


def test_news_style_keeps_the_words_of_conll04(shared: pathlib.Path) -> None:
    """Each word alone is one token, but for 1 % (brackets written out, names with an apostrophe)."""
    tokens = [t for s in spert_json.read(shared / "data" / "conll04" / "train.json") for t in s.tokens]
    split = sum(words(token, "news") != [token] for token in tokens)
    assert split < 0.01 * len(tokens)
