"""Annotated texts become the sentences that the export makes of them, unless annotation says otherwise."""

from __future__ import annotations

import json
import pathlib
import random
from typing import Any

import pytest

from jner_re.corpora import formats, line_style
from jner_re.corpora.corpus import Corpus, Loss
from jner_re.corpora.dropping import drop_invalid_annotation, longest, overlap
from jner_re.corpora.splits import folds, split
from jner_re.document import Document, Entity, Relation
from jner_re.schema import EntitySpan, RelationPair, Sentence, apart
from jner_re.text.long_sentences import MAX_TOKENS
from jner_re.text.sentences import split as split_text

TEXT = "Add 5ml of Acme\nInc. Ltd. buffer.\nStir it. Heat it."


def entity(type: str, text: str, within: str = TEXT) -> dict[str, Any]:
    start = within.index(text)
    return {"type": type, "start": start, "end": start + len(text)}


def load(path: pathlib.Path, entities: Any, relations: Any = (), text: str = TEXT, **how: Any) -> Corpus:
    pairs = [{"type": "R", "head": head, "tail": tail} for head, tail in relations]
    path.write_text(json.dumps({"id": "d", "text": text, "entities": entities, "relations": pairs}) + "\n")
    return formats.load(path, "documents", **how)


@pytest.mark.parametrize("repair", [False, True])
def test_ends_of_sentences_give_way_if_told(tmp_path: pathlib.Path, repair: bool) -> None:
    found = [entity("Brand", "Acme\nInc. Ltd."), entity("Thing", "buffer")]
    corpus = load(tmp_path / "a.jsonl", found, [(0, 1)], lines="separate", repair=repair)
    if repair:
        assert corpus.losses == []
        assert corpus.sentences[0].relations == (RelationPair(0, 1, "R"),)
        assert [w.action for w in corpus.warnings] == ["the sentences are joined"]
        assert corpus.sentences[0].entity_text(corpus.sentences[0].entities[0]) == "Acme Inc. Ltd."
    else:
        assert corpus.losses == [
            Loss("across the end of a sentence", entities=1),
            Loss("of a lost entity", relations=1),
        ]
    assert [s.tokens for s in corpus.sentences[-2:]] == [("Stir", "it", "."), ("Heat", "it", ".")]


@pytest.mark.parametrize("repair", [False, True])
def test_tokens_give_way_if_told(tmp_path: pathlib.Path, repair: bool) -> None:
    found = [entity("Number", "5"), entity("Unit", "ml")]
    corpus = load(tmp_path / "a.jsonl", found, [(0, 1)], repair=repair)
    if repair:
        assert [w.action for w in corpus.warnings] == ["the tokens are split"] * 2
        assert corpus.problems == [] and corpus.losses == [] and corpus.spans == (2, 2)
        assert corpus.sentences[0].tokens[:3] == ("Add", "5", "ml")
        assert corpus.sentences[0].entities == (EntitySpan(1, 2, "Number"), EntitySpan(2, 3, "Unit"))
    else:
        assert corpus.problems == [] and corpus.spans == (0, 2)
        assert corpus.sentences[0].entities == (EntitySpan(1, 2, "Unit"),)  # the longer one
        assert corpus.losses == [
            Loss("in a token of another entity", entities=1),
            Loss("of a lost entity", relations=1),
        ]


def test_overlaps_are_problems_by_the_names_of_the_file(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path / "a.jsonl", [entity("A", "Heat"), entity("B", "Heat it")], lines="wrapped")
    assert [str(problem).partition("jsonl: ")[2] for problem in corpus.problems] == [
        "line 1 (sentence 3): entities[1] is 'B [0, 2)', expected no overlap with entities[0] A [0, 1)"
    ]


def test_relations_are_counted_by_distance(tmp_path: pathlib.Path) -> None:
    found = [entity("A", "Add"), entity("A", "Stir"), entity("A", "Heat"), entity("A", "buffer")]
    corpus = load(tmp_path / "a.jsonl", found, [(0, 3), (0, 1), (2, 1), (2, 0)], lines="wrapped")
    assert corpus.distances == {0: 1, 1: 2, 2: 1}
    assert corpus.losses == [Loss("between two sentences", relations=3)]


def test_a_line_is_what_the_user_says(tmp_path: pathlib.Path) -> None:
    for lines in ("wrapped", "separate"):
        corpus = load(tmp_path / "a.jsonl", [], lines=lines)
        assert [s.tokens for s in corpus.sentences] == [
            tuple(token.text for token in tokens) for tokens in split_text(TEXT, "news", lines)
        ]
        assert corpus.look is None
    assert len(corpus.sentences) == 4 and [s.id for s in corpus.sentences] == ["d:1", "d:2", "d:3", "d:4"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("One paragraph alone.", "wrapped"),
        ("A long line that goes\non in the next one, and\nthen ends.\n\nAnother.\n", "wrapped"),
        ("Add water.\nstir it.\nheat it.\n", "separate"),
        ("Materials\nWater\nSalt\r\nA pan\n", "separate"),
        ("水を加える\n混ぜる\n", "separate"),
        (
            "患者は六十歳の男性であり、高血圧の既往がある。来院時\n意識は清明であり、胸部に痛みを訴えた。心電図では\n異常がない。\n",
            "wrapped",
        ),
    ],
)
def test_the_look_of_lines(text: str, lines: str, tmp_path: pathlib.Path) -> None:
    assert line_style.look([text]).lines == lines
    corpus = load(tmp_path / "a.jsonl", [], text=text)
    assert corpus.look and corpus.look.lines == lines


def documents(*texts: str) -> list[Sentence]:
    """A sentence a word, by document."""
    return [Sentence((word,), (), (), "", text) for text in texts for word in text.split()]


def test_documents_stay_together() -> None:
    texts = [" ".join(f"{i}-{j}" for j in range(5)) for i in range(30)]
    parts = split(corpus := documents(*texts), 0.2, 0.2, seed=1)
    keys = [{sentence.document for sentence in part} for part in parts.values()]
    assert sum(map(len, keys)) == 30 and sum(map(len, parts.values())) == len(corpus)
    assert 25 <= len(parts["dev"]) <= 35 and 25 <= len(parts["test"]) <= 35
    assert [len({s.document for s in fold}) for fold in folds(corpus, 10, seed=1)] == [3] * 10


def test_near_duplicates_stay_together() -> None:
    texts = [" ".join(f"{i}-{j}" for j in range(6)) for i in range(20)]
    copies = [
        f"{text.split(' ', 3)[0]} {' '.join(text.split()[1:3])} x{i} y{i} z{i}"
        for i, text in enumerate(texts)
    ]
    for seed in range(5):
        parts = split(documents(*texts, *copies), 0.2, 0.2, seed)
        part_of = {sentence.document: name for name, part in parts.items() for sentence in part}
        assert all(part_of[text] == part_of[copy] for text, copy in zip(texts, copies, strict=True))


def test_what_is_invalid_is_dropped_from_a_document() -> None:
    text = "Ann Lee met Bo."
    entities = (
        Entity("P", 0, 3, "Ann", 0.5), Entity("P", 0, 7, "Ann Lee", 0.7), Entity("P", 12, 14, "Bo", 0.9),
        Entity("P", 12, 14, "Bo", 0.1),
    )  # fmt: skip
    relations = (Relation("Met", 1, 2, 0.6), Relation("Met", 1, 3, 0.2), Relation("Met", 0, 2, 0.3))
    found, losses = drop_invalid_annotation(Document(text, (), entities, relations, id="a"))
    assert found == Document(text, (), entities[1:3], (Relation("Met", 0, 1, 0.6),), id="a")
    assert sorted(losses, key=lambda loss: loss.reason) == [
        Loss("given twice", entities=1, relations=1),
        Loss("of a lost entity", relations=1),
        Loss("overlapping", entities=1),
    ]
    found, _ = drop_invalid_annotation(Document(text, (), entities, relations), outside={1})
    assert found.entities == (entities[0], entities[2]) and len(found.relations) == 1


def random_spans(draw: random.Random) -> list[EntitySpan]:
    starts = [draw.randrange(30) for _ in range(draw.randrange(12))]
    return [EntitySpan(start, start + draw.randrange(1, 8), "A") for start in starts]


def test_the_longest_stay() -> None:
    """As by comparing all with all."""
    for seed in range(300):
        spans = random_spans(random.Random(seed))
        kept: list[int] = []
        blockers = {}
        order = sorted(range(len(spans)), key=lambda i: spans[i].start - spans[i].end)
        for i in order:
            other = next((k for k in kept if overlap(spans[i], spans[k])), None)
            if other is None:
                kept.append(i)
            else:
                blockers[i] = other
        assert longest(spans, order) == (sorted(kept), blockers)


def test_boilerplate_does_not_join_documents() -> None:
    texts = [" ".join(f"{i}-{j}" for j in range(20)) + " Thanks" for i in range(50)]
    parts = split(documents(*texts, "Thanks"), 0.1, 0.1, seed=0)
    assert {name: len({s.document for s in part}) for name, part in parts.items()}["dev"] in (5, 6)


def test_long_documents_are_drawn_as_often_as_short_ones() -> None:
    texts = [" ".join(f"{i}-{j}" for j in range(40)) for i in range(40)] + [
        f"one-{i}" for i in range(40 * 40)
    ]
    drawn = split(documents(*texts), 0.2, 0.2, seed=0)["test"]
    assert 0.3 < sum(s.document.startswith("one") for s in drawn) / len(drawn) < 0.7


def test_a_window_joins_the_sentences_of_a_text(tmp_path: pathlib.Path) -> None:
    found = [entity("Thing", "buffer"), entity("Act", "Stir"), entity("Act", "Heat"), entity("Act", "Add")]
    pairs = [(0, 3), (1, 0), (2, 0)]
    how = {"lines": "separate", "repair": True}
    single = load(tmp_path / "a.jsonl", found, pairs, **how)
    assert single.losses == [Loss("between two sentences", relations=3)]
    for window, lost in ((2, 1), (3, 0)):
        corpus = load(tmp_path / "a.jsonl", found, pairs, window=window, **how)
        (joined,) = corpus.sentences
        assert joined.parts() == [sentence.tokens for sentence in single.sentences]
        assert joined.id == "d" and joined.document == single.sentences[0].document
        facts = joined.relation_facts()
        texts = {(joined.entity_text(head), joined.entity_text(tail)) for head, tail, _ in facts}
        assert texts == {("buffer", "Add"), ("Stir", "buffer"), ("Heat", "buffer")} - (
            {("Heat", "buffer")} if lost else set()
        )
        expected = [Loss("of sentences too far apart", relations=lost)] if lost else []
        assert corpus.losses == expected and corpus.distances == single.distances
        apart_again = [(each.tokens, each.entities, each.relations) for each in apart(joined)]
        assert apart_again == [(s.tokens, s.entities, s.relations) for s in single.sentences]


def test_a_window_leaves_long_sentences_broken(tmp_path: pathlib.Path) -> None:
    text = "Ann saw it. " + "word " * 1500 + "Bob " + "word " * 1500 + "and left."
    found = [entity("P", "Ann", text), entity("P", "Bob", text)]
    corpus = load(tmp_path / "a.jsonl", found, [(0, 1)], text, window=3)
    (joined,) = corpus.sentences
    assert max(map(len, joined.parts())) <= MAX_TOKENS and len(joined.parts()) == 3
    assert joined.relations == (RelationPair(0, 1, "R"),) and not corpus.losses
