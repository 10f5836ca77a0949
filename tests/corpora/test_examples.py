"""Sentences that show what a corpus is about, as running text."""

from __future__ import annotations

import pytest

from jner_re.corpora import data_dir, examples
from jner_re.schema import EntitySpan, RelationPair, Sentence


def sentence(text: str, *types: str) -> Sentence:
    tokens = tuple(text.split())
    entities = (EntitySpan(0, 1, "Peop"), EntitySpan(len(tokens) - 1, len(tokens), "Loc"))
    return Sentence(tokens, entities, tuple(RelationPair(0, 1, type) for type in types))


def test_new_types_of_relations_come_first() -> None:
    corpus = [
        sentence("Nothing is said of anybody in Rome"),
        sentence("Ann is said to live in Oslo", "Live_In"),
        sentence("Bob is also said to live in Oslo", "Live_In"),
        sentence("Ann Oslo", "Live_In", "Work_For"),  # too short to show much
        sentence("Cy is not said to work in Oslo", "Work_For"),
    ]
    assert examples.choose(corpus, "news") == [
        "Ann is said to live in Oslo", "Cy is not said to work in Oslo", "Bob is also said to live in Oslo"
    ]  # fmt: skip
    assert examples.choose(corpus[3:4], "news") == ["Ann Oslo"]
    assert examples.choose([], "news") == []


def test_of_a_real_corpus_they_are_different_and_always_the_same() -> None:
    sentences = data_dir.read_sample("train")
    chosen = examples.choose(sentences, "news")
    assert chosen == examples.choose(sentences, "news") and len(set(chosen)) == examples.COUNT
    assert all("\n" not in text and " ." not in text for text in chosen)


@pytest.mark.parametrize(
    ("tokens", "tokenization", "text"),
    [
        ("He did n't say it 's ( so ) , did he ?", "news", "He didn't say it's (so), did he?"),
        ("A 54 - year - old woman and / or man .", "fine", "A 54-year-old woman and/or man."),
        ("Oslo - Norway", "news", "Oslo - Norway"),
        ("患者 は 発熱 した 。", "news", "患者は発熱した。"),
        ("a .b .5 % of $ 3", "news", "a .b .5% of $3"),
    ],
)
def test_readable(tokens: str, tokenization: str, text: str) -> None:
    assert examples.readable(tokens.split(" "), tokenization) == text
    assert examples.readable(["a\nb", "\t"], tokenization) == "a b"
