from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence

import hypothesis
import hypothesis.strategies as st
import pytest
import spacy
import untrained
from exported_model import MIN_SCORE
from spacy.tokens import Doc, DocBin, Span

import jner_re
from jner_re.errors import InputError
from jner_re.extraction import client
from jner_re.extraction.client import Client
from jner_re.extraction.rows import Row
from jner_re.extraction.spacy_component import Component

TEXT = "Ann Lee, born in Rome, lives in Oslo. 😀 Bob  Carr met Ann in Lima."


@pytest.fixture(scope="module")
def nlp(exported: pathlib.Path) -> spacy.Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("jner_re", config={"model": str(exported)})
    return nlp


def test_entities_and_relations_are_the_models(nlp: spacy.Language, exported: pathlib.Path) -> None:
    doc, expected = nlp(TEXT), jner_re.load(exported)(TEXT)
    found = [(ent.label_, ent.start_char, ent.end_char, ent._.score) for ent in doc.ents]
    assert found == [(e.type, e.start, e.end, e.score) for e in expected.entities] and not doc._.unaligned
    relations = [(r.type, r.head.start_char, r.tail.start_char, r.score) for r in doc._.relations]
    assert relations == [
        (r.type, expected.entities[r.head].start, expected.entities[r.tail].start, r.score)
        for r in expected.relations
    ]
    assert len(found) > 2 and len(relations) > 2
    assert all(relation.head in doc.ents and relation.tail in doc.ents for relation in doc._.relations)


def test_a_pipe_gives_the_same_and_documents_can_be_stored(nlp: spacy.Language) -> None:
    texts = [TEXT, "", "  \n ", "Rome"] * 3
    alone = [nlp(text) for text in texts]
    together = list(nlp.pipe(texts, batch_size=5))
    stored = DocBin(docs=together, store_user_data=True)
    read = list(DocBin().from_bytes(stored.to_bytes()).get_docs(nlp.vocab))
    for doc, *others in zip(alone, together, read, strict=True):
        for other in others:
            assert [(e.label_, e.start, e.end) for e in other.ents] == [
                (e.label_, e.start, e.end) for e in doc.ents
            ]
            assert [(r.type, r.head.start, r.tail.start) for r in other._.relations] == [
                (r.type, r.head.start, r.tail.start) for r in doc._.relations
            ]


def test_a_pipeline_is_stored_and_read(nlp: spacy.Language, tmp_path: pathlib.Path) -> None:
    nlp.to_disk(tmp_path / "nlp")
    again = spacy.load(tmp_path / "nlp")
    assert [ent.text for ent in again("Ann in Rome").ents] == [ent.text for ent in nlp("Ann in Rome").ents]


def test_a_threshold(exported: pathlib.Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("jner_re", config={"model": str(exported), "threshold": 1.0})
    assert nlp(TEXT).ents and not nlp(TEXT)._.relations and MIN_SCORE < 1
    with pytest.raises(InputError, match="no config"):
        spacy.blank("en").add_pipe("jner_re", config={"model": str(exported / "nothing")})


def test_a_sentence_of_any_length_is_read(nlp: spacy.Language) -> None:
    docs = list(nlp.pipe(["Ann in Rome", "word " * 2001 + "Ann in Rome", "Ulm"]))
    assert docs[0].ents and docs[1].ents and len(docs) == 3


BLANK = spacy.blank("en")


class Down:
    """A server that can't be reached."""

    rows_at_once = 8

    def texts(self, texts: Sequence[str], threshold: float | None) -> list[Row]:
        raise InputError("can't be reached")

    sentences = texts


def test_documents_that_are_not_answered_go_to_the_error_handler() -> None:
    component = Component("jner_re", Client(Down()), None, True)
    docs = [BLANK.make_doc(text) for text in ("Rome", "Ulm")]
    with pytest.raises(InputError, match="can't be reached"):
        list(component.pipe(docs))
    failed: list[tuple[str, str]] = []
    component.set_error_handler(
        lambda name, component, docs, error: failed.extend((doc.text, str(error)) for doc in docs)
    )
    assert list(component.pipe(docs)) == []
    assert failed == [("Rome", "can't be reached"), ("Ulm", "can't be reached")]


class Canned:
    """Finds the given places, and a relation from each to the next."""

    rows_at_once = 8

    def __init__(self, places: Sequence[tuple[int, int]]) -> None:
        self.places = places

    def texts(self, texts: Sequence[str], threshold: float | None) -> list[Row]:
        count = len(self.places)
        row = {
            "token": [],
            "entity_type": ["X"] * count,
            "entity_text": [texts[0][start:end] for start, end in self.places],
            "entity_start": [start for start, _ in self.places],
            "entity_end": [end for _, end in self.places],
            "entity_score": [0.5] * count,
            "relation_type": ["R"] * (count - 1),
            "relation_head": list(range(count - 1)),
            "relation_tail": list(range(1, count)),
            "relation_score": [0.5] * (count - 1),
        }
        return [row for _ in texts]

    sentences = texts


def annotated(text: str, places: Sequence[tuple[int, int]], overwrite: bool = True) -> Doc:
    nlp = BLANK if overwrite else spacy.blank("en")
    if not overwrite:
        nlp.add_pipe("entity_ruler").add_patterns([{"label": "OWN", "pattern": "lives"}])  # type: ignore[attr-defined]
    return Component("jner_re", Client(Canned(places)), None, overwrite)(nlp(text))


def test_what_does_not_align_is_widened_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    doc = annotated("Ada Berg lives in Oslo", [(0, 6), (18, 22)])
    assert [ent.text for ent in doc.ents] == ["Ada Berg", "Oslo"]
    (unaligned,) = doc._.unaligned
    assert (unaligned.start, unaligned.end, unaligned.type, unaligned.span.text) == (0, 6, "X", "Ada Berg")
    assert caplog.messages == ["X 'Ada Be' at 0: widened to 'Ada Berg'"]
    (relation,) = doc._.relations
    assert (relation.head.text, relation.tail.text) == ("Ada Berg", "Oslo")


def places(doc: Doc) -> list[tuple[str, str, str]]:
    assert all(relation.head in doc.ents and relation.tail in doc.ents for relation in doc._.relations)
    return [(relation.head.text, relation.type, relation.tail.text) for relation in doc._.relations]


def test_tokens_that_are_merged_or_split_later() -> None:
    text = "In Oslo, Ada Berg met Bob Carr of New York City"
    doc = annotated(text, [(3, 7), (9, 17), (22, 30), (34, 47)])
    before = places(doc)
    assert len(before) == 3
    spacy.pipeline.merge_entities(doc)
    assert len(doc) == 8 and places(doc) == before
    assert [ent._.score for ent in doc.ents] == [0.5] * 4
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[3:5])  # "Ada Berg met": no entity any more
    assert doc[3].text == "Ada Berg met"
    assert places(doc) == [one for one in before if "Ada Berg" not in one]
    doc = annotated("In Oslo, Ada Berg", [(3, 7), (9, 17)])
    with doc.retokenize() as retokenizer:
        retokenizer.split(doc[1], ["Os", "lo"], [doc[1], doc[1]])
    assert places(doc) == [("Oslo", "R", "Ada Berg")]


def test_entities_that_a_later_component_changes() -> None:
    doc = annotated("Ada Berg lives in Oslo", [(0, 8), (9, 14), (18, 22)])
    ada, lives, oslo = doc.ents
    doc.ents = [Span(doc, ada.start, ada.end, "PERSON"), oslo, lives]
    assert places(doc) == [("Ada Berg", "R", "lives"), ("lives", "R", "Oslo")]
    assert doc._.relations[0].head.label_ == "PERSON"
    doc.ents = [ada, oslo]
    assert places(doc) == []


@pytest.mark.filterwarnings("error")
def test_documents_that_are_joined_or_cut() -> None:
    text = "Ada Berg lives in Oslo"
    first, second = annotated(text, [(0, 6), (18, 22)]), annotated(text, [(0, 8), (9, 14), (18, 22)])
    joined = Doc.from_docs([first, second])
    assert places(joined) == places(first) + places(second) and len(places(joined)) == 3
    (unaligned,) = joined._.unaligned
    assert (unaligned.start, unaligned.end, unaligned.span.text) == (0, 6, "Ada Berg")
    cut = joined[5:].as_doc(copy_user_data=True)
    assert places(cut) == places(second) and not cut._.unaligned


def test_a_document_that_is_read_again_has_the_last_answer() -> None:
    doc = annotated("Ada Berg lives in Oslo", [(0, 6), (18, 22)])
    again = Component("jner_re", Client(Canned([(9, 14), (18, 22)])), None, True)(doc)
    assert places(again) == [("lives", "R", "Oslo")] and not again._.unaligned


def test_several_processes(nlp: spacy.Language, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forks of this process, in which TensorFlow has run."""
    monkeypatch.setattr(client, "load", lambda *_: Client(Canned([(0, 3)])))
    served = spacy.blank("en")
    served.add_pipe("jner_re", config={"model": "http://there"})
    docs = list(served.pipe(["Ann", "Ulm"], n_process=2))
    assert [doc.ents[0].text for doc in docs] == ["Ann", "Ulm"]
    with pytest.raises(ValueError, match="forked from one in which TensorFlow had run"):
        list(nlp.pipe(["Ann", "Ulm"], n_process=2))


def test_what_would_overlap_goes_with_its_relations(caplog: pytest.LogCaptureFixture) -> None:
    doc = annotated("Ada Berg lives in Oslo", [(0, 5), (6, 8), (18, 22)])
    assert [ent.text for ent in doc.ents] == ["Ada Berg", "Oslo"] and not doc._.relations
    assert [(one.start, one.span and one.span.text) for one in doc._.unaligned] == [
        (0, "Ada Berg"),
        (6, None),
    ]
    assert caplog.messages[1] == "X 'rg' at 6: 'Berg' overlaps another, left out"


def test_entities_of_others_can_stay() -> None:
    doc = annotated("Ada Berg lives in Oslo", [(9, 14), (18, 22)], overwrite=False)
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("lives", "OWN"), ("Oslo", "X")]
    assert [one.start for one in doc._.unaligned] == [9]


@hypothesis.settings(deadline=None, max_examples=50)
@hypothesis.given(st.text("ab .'-é😀́\n", min_size=1, max_size=40), st.data())
def test_every_entity_is_there_or_reported(text: str, data: st.DataObject) -> None:
    ends = sorted(data.draw(st.sets(st.integers(0, len(text)))))
    places = [
        (a, b)
        for a, b in zip(ends[::2], ends[1::2], strict=False)
        if text[a:b] and text[a:b] == text[a:b].strip()
    ]
    doc = annotated(text, places)
    there = {(ent.start_char, ent.end_char) for ent in doc.ents}
    reported = {(one.start, one.end): one.span for one in doc._.unaligned}
    for place in places:
        assert (place in there) != (place in reported) or reported.get(place) is not None
        span = reported.get(place)
        assert span is None or (span.start_char, span.end_char) in there
        assert span is None or (span.start_char <= place[0] and place[1] <= span.end_char)
    assert len(there) <= len(places)


def test_relations_can_join_sentences(tmp_path: pathlib.Path) -> None:
    config = dataclasses.replace(untrained.SMALL, window=3)
    folder = str(untrained.write(tmp_path / "window", config))
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("jner_re", config={"model": folder, "threshold": 0.0})
    text = "Ann Lee met Bob in Rome. Bob lives there. Ann left."
    doc, expected = nlp(text), jner_re.load(folder)(text, 0.0)
    relations = [(r.type, r.head.start_char, r.tail.start_char, r.score) for r in doc._.relations]
    places = [entity.start for entity in expected.entities]
    assert sorted(relations) == sorted(
        (r.type, places[r.head], places[r.tail], r.score) for r in expected.relations
    )
    sentences = {token.i: number for number, sentence in enumerate(doc.sents) for token in sentence}
    assert {abs(sentences[r.head.start] - sentences[r.tail.start]) for r in doc._.relations} == {0, 1, 2}
