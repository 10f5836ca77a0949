"""The corpora, the table and the plot of the benchmark of growing work."""

from __future__ import annotations

import dataclasses
import math
from xml.etree import ElementTree

import pytest
import untrained

from benchmarks.training import growth_corpora, growth_plot, growth_point
from benchmarks.training.growth_results import Axis, Cost, table
from jner_re.config import TrainConfig
from jner_re.corpora import data_dir
from jner_re.errors import InputError
from jner_re.schema import EntitySpan, RelationPair, Sentence, find_problems

SENTENCES = data_dir.read_sample("train")[:50]


def triples(sentences: list[Sentence]) -> set[tuple[str, str, str]]:
    """Relations by their entities' texts."""
    return {
        (s.entity_text(s.entities[r.head]), r.type, s.entity_text(s.entities[r.tail]))
        for s in sentences
        for r in s.relations
    }


@pytest.mark.parametrize("length", [10, 25, 200])
def test_sentences_of_a_length_are_the_corpus_cut(length: int) -> None:
    count = 2000 // length
    made = growth_corpora.of_length(SENTENCES, length, count)
    assert [len(sentence.tokens) for sentence in made] == [length] * count
    assert not [problem for sentence in made for problem in find_problems(sentence)]
    words = [token for sentence in SENTENCES for token in sentence.tokens]
    assert [token for sentence in made for token in sentence.tokens] == (words * 3)[:2000]
    texts = {(e.type, s.entity_text(e)) for s in SENTENCES for e in s.entities}
    assert {(e.type, s.entity_text(e)) for s in made for e in s.entities} <= texts
    assert triples(made) <= triples(SENTENCES)


def test_only_what_is_cut_through_is_lost() -> None:
    sentence = Sentence(
        ("a", "b", "c", "d", "e"),
        (EntitySpan(0, 1, "X"), EntitySpan(1, 2, "Y"), EntitySpan(3, 5, "X")),
        (RelationPair(1, 0, "r"), RelationPair(2, 1, "r")),
    )
    assert growth_corpora.of_length([sentence], 4, 2) == [
        Sentence(("a", "b", "c", "d"), sentence.entities[:2], (RelationPair(1, 0, "r"),)),
        Sentence(
            ("e", "a", "b", "c"), (EntitySpan(1, 2, "X"), EntitySpan(2, 3, "Y")), (RelationPair(1, 0, "r"),)
        ),
    ]


@pytest.mark.parametrize("count", [2, 5, 40])
def test_sentences_with_so_many_entities(count: int) -> None:
    made = growth_corpora.with_entities(SENTENCES, count, 80, 12)
    assert {(len(sentence.tokens), len(sentence.entities)) for sentence in made} == {(80, count)}
    assert not [problem for sentence in made for problem in find_problems(sentence)]
    assert triples(made) and triples(made) <= triples(SENTENCES)
    gaps = [
        after - before
        for sentence in made
        for before, after in zip(
            [0, *(e.end for e in sentence.entities)], [*(e.start for e in sentence.entities), 80], strict=True
        )
    ]
    assert min(gaps) >= 0 and max(gaps) <= -(-80 // (count + 1))


def test_a_corpus_without_short_entities_is_refused() -> None:
    with pytest.raises(InputError, match="1 sentences have 0 entities of at most 2 tokens and 1 words"):
        growth_corpora.with_entities([Sentence(("a", "b", "c", "d"), (EntitySpan(0, 3, "X"),))], 40, 80, 1)


def cost(sentences: int, seconds: float) -> Cost:
    return Cost(sentences, 20 * sentences, 2 * sentences, 1.0, seconds + 1, seconds, 2**30 + sentences, 0.5)


def test_exponents_and_the_table() -> None:
    whole = Axis("sentences", (100, 400, 1600), True, tuple(cost(n, n / 50) for n in (100, 400, 1600)))
    longer = Axis("tokens", (10, 20), False, (cost(200, 1.0), cost(100, 2.0)))
    assert whole.exponents() == pytest.approx([1, 1])
    assert longer.exponents() == pytest.approx([2])  # half the sentences, twice the time
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table([whole, longer]).splitlines()
    ]
    assert len(rows) == 2 + 5 and len({len(row) for row in rows}) == 1
    found = dict(zip(rows[0], rows[3], strict=True))
    assert (found["sentences"], found["ms a sentence"], found["µs a token"]) == ("400", "20.00", "1000")
    assert [row[rows[0].index("exponent")] for row in rows[2:]] == ["", "1.00", "1.00", "", "2.00"]


def test_the_plot_has_every_value_at_its_height() -> None:
    axis = Axis("sentences", (100, 400, 1600), True, tuple(cost(n, n / 50) for n in (100, 400, 1600)))
    name = "{http://www.w3.org/2000/svg}"
    root = ElementTree.fromstring(growth_plot.plot([axis, axis]))
    dots = root.findall(f"{name}circle")
    assert len(dots) == 2 * 2 * 3
    assert [dot.findtext(f"{name}title") for dot in dots[:3]] == ["100: 2 s", "400: 8 s", "1,600: 32 s"]
    # What grows linearly lies on the dashed line, evenly spaced on logarithmic scales.
    dashed = next(line for line in root.iter(f"{name}polyline") if line.get("stroke-dasharray"))
    places = [(dot.get("cx"), dot.get("cy")) for dot in dots[:3]]
    assert dashed.get("points") == " ".join(f"{x},{y}" for x, y in places)
    heights = [float(y or "nan") for _, y in places]
    assert (
        heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.2) and heights[0] > heights[2]
    )


@pytest.mark.parametrize("low, high", [(0.3, 4), (1, 1), (0.001, 0.8), (2, 2.1)])
def test_ticks_enclose_what_is_drawn(low: float, high: float) -> None:
    for ticks in (growth_plot.log_ticks(low, high), growth_plot.linear_ticks(high)):
        assert ticks == sorted(set(ticks)) and len(ticks) > 1 and ticks[0] <= low and ticks[-1] >= high
        assert all(math.isclose(float(f"{tick:g}"), tick) for tick in ticks)
    assert len(growth_plot.linear_ticks(high)) <= 6


def test_a_point_trains_on_the_corpus_with_random_vectors() -> None:
    config = dataclasses.replace(
        untrained.SMALL, encoder=growth_point.RANDOM, char_rnn_size=0, ner_layers=0, re_layers=0
    )
    sentences = growth_corpora.of_length(SENTENCES, 10, 6)
    found = growth_point.cost(config, TrainConfig(batch_size=4), sentences)
    assert (found.sentences, found.tokens) == (6, 60)
    assert found.entities == sum(len(sentence.entities) for sentence in sentences)
    assert min(found.processor_seconds, found.seconds, found.prepare_seconds) > 0
    assert found.memory > 2**27
