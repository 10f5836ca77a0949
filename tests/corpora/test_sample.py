from __future__ import annotations

import collections
import re

import pytest

from jner_re.corpora import data_dir, spert_json
from jner_re.schema import Sentence
from jner_re.text.tokenization import tokenize

FILES = ("train", "dev", "test", "directions")
TYPES = ("Loc", "Org", "Peop", "Other", "Live_In", "Work_For", "OrgBased_In", "Located_In", "Kill")
CORPUS = {name: spert_json.read(data_dir.located(data_dir.SAMPLE) / f"{name}.json") for name in FILES}


def persons(sentences: list[Sentence]) -> set[str]:
    return {s.entity_text(e) for s in sentences for e in s.entities if e.type == "Peop"}


def test_splits_are_read_by_name() -> None:
    assert [data_dir.read_sample(name) for name in FILES[:3]] == [CORPUS[name] for name in FILES[:3]]


def test_every_sentence_once_with_an_id_of_its_own() -> None:
    sentences = [sentence for part in CORPUS.values() for sentence in part]
    assert len({sentence.tokens for sentence in sentences}) == len(sentences)
    assert len({sentence.id for sentence in sentences}) == len(sentences)


def test_no_person_in_two_files() -> None:
    names = [persons(part) for part in CORPUS.values()]
    assert len(set().union(*names)) == sum(map(len, names))


def test_the_demo_is_not_in_the_corpus(request: pytest.FixtureRequest) -> None:
    lines = (request.config.rootpath / "experiments" / "demo.txt").read_text().splitlines()
    demo = {tuple(token.text for token in tokenize(line, "news")) for line in lines}
    text = " ".join(" ".join(sentence.tokens) for part in CORPUS.values() for sentence in part)
    assert not demo & {sentence.tokens for part in CORPUS.values() for sentence in part}
    for name in ("Carla Jensen", "Peter Novak", "Daniel Reyes", "Northlight", "Ingrid Dahl"):
        assert name not in text and any(name in line for line in lines)


def test_both_directions_are_taught() -> None:
    orders = collections.Counter(
        (relation.type, sentence.entities[relation.head].start < sentence.entities[relation.tail].start)
        for sentence in CORPUS["train"]
        for relation in sentence.relations
    )
    assert len(orders) == 10 and min(orders.values()) >= 10
    assert 0.4 < orders["Kill", True] / (orders["Kill", True] + orders["Kill", False]) < 0.6


def test_the_readme_counts_right() -> None:
    rows = {}
    for line in (data_dir.located(data_dir.SAMPLE) / "README.md").read_text().splitlines():
        cells = [cell.strip(" *") for cell in line.strip("|").split("|")]
        if len(cells) == 6 and cells[1].isdigit():
            rows[re.sub(r"^– | \(.*", "", cells[0])] = [int(cell) for cell in cells[1:]]
    counts: dict[str, list[int]] = collections.defaultdict(list)
    splits = [CORPUS["train"], CORPUS["dev"], CORPUS["test"]]
    for part in [*splits, [s for split in splits for s in split], CORPUS["directions"]]:
        counts["sentences"].append(len(part))
        counts["without entities"].append(sum(not s.entities for s in part))
        counts["with entities, without relations"].append(
            sum(bool(s.entities and not s.relations) for s in part)
        )
        counts["tokens"].append(sum(len(s.tokens) for s in part))
        counts["entities"].append(sum(len(s.entities) for s in part))
        counts["relations"].append(sum(len(s.relations) for s in part))
        types = collections.Counter(item.type for s in part for item in (*s.entities, *s.relations))
        for name in TYPES:
            counts[name].append(types[name])
    assert rows == dict(counts)
