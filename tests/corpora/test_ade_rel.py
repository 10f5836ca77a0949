from __future__ import annotations

import collections
import itertools
import pathlib
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.corpora import ade_rel, formats
from jner_re.corpora.corpus import Corpus
from jner_re.errors import InputError
from jner_re.schema import EntitySpan, RelationPair, Sentence

TEXT = "Rash after gold, not lithium-induced; gold was stopped."


def row(
    effect: str, effect_begin: int, drug: str, drug_begin: int, text: str = TEXT, document: str = "99"
) -> str:
    effect_end, drug_end = effect_begin + len(effect), drug_begin + len(drug)
    fields = (document, text, effect, effect_begin, effect_end, drug, drug_begin, drug_end)
    return "|".join(map(str, fields)) + "\n"


def load(folder: pathlib.Path, *rows: str) -> Corpus:
    path = folder / "DRUG-AE.rel"
    path.write_text("".join(rows))
    return ade_rel.load(path)


@pytest.fixture(scope="module")
def ade(shared: pathlib.Path) -> Corpus:
    return ade_rel.load(shared / "data" / "ade" / "DRUG-AE.rel")


def test_counts_of_the_corpus(ade: Corpus) -> None:
    """4,272 sentences and 120 overlapping entities, as in the paper (section 4)."""
    assert ade.problems == []
    assert len(ade.sentences) == 4272
    assert len({sentence.tokens for sentence in ade.sentences}) == 4271
    assert len({sentence.id for sentence in ade.sentences}) == 4272
    types = collections.Counter(entity.type for s in ade.sentences for entity in s.entities)
    assert types == {"Adverse-Effect": 5776, "Drug": 5063 - 120}
    assert sum(len(sentence.relations) for sentence in ade.sentences) == 6821 - 194
    overlaps = [warning for warning in ade.warnings if "overlap" in warning.expected]
    assert len(overlaps) == 120 and {warning.field for warning in overlaps} == {"drug"}
    assert sum(int(warning.action.rsplit(" ", 1)[1]) for warning in overlaps) == 194
    changed = [
        (warning.record, warning.value, warning.action)
        for warning in ade.warnings
        if "overlap" not in warning.expected
    ]
    assert changed == [
        ("line 108", "' minocycline'", "changed to 'minocycline'"),
        ("line 386", "'anaphylaxis '", "changed to 'anaphylaxis'"),
    ]


def test_every_row_is_found_again(ade: Corpus, shared: pathlib.Path) -> None:
    """Independent of the reader's offsets: texts without white space, sentence by sentence."""
    want: dict[tuple[str, str], set[tuple[str, str]]] = collections.defaultdict(set)
    for line in (shared / "data" / "ade" / "DRUG-AE.rel").read_text().splitlines():
        fields = line.split("|")
        want[fields[0], "".join(fields[1].split())].add(
            ("".join(fields[2].split()), "".join(fields[5].split()))
        )
    removed = 0
    for sentence in ade.sentences:
        found = {
            tuple(
                "".join(sentence.tokens[e.start : e.end])
                for e in (sentence.entities[r.head], sentence.entities[r.tail])
            )
            for r in sentence.relations
        }
        expected = want[sentence.id.split(":")[0], "".join(sentence.tokens)]
        assert found <= expected
        removed += found != expected
    assert removed <= 119


def test_rows_of_one_sentence_are_merged(tmp_path: pathlib.Path) -> None:
    # the sentence stands at 100; "gold" is meant once where it comes first and once where it comes second
    corpus = load(
        tmp_path,
        row("Rash", 100, "gold", 111),
        row("Rash", 100, "gold", 138),
        row("Rash", 100, "lithium", 121),
    )
    assert corpus.findings == []
    [sentence] = corpus.sentences
    assert sentence.tokens == (
        *("Rash", "after", "gold", ",", "not", "lithium", "-", "induced"),
        *(";", "gold", "was", "stopped", "."),
    )
    assert sentence.entities == (
        EntitySpan(0, 1, "Adverse-Effect"),
        EntitySpan(2, 3, "Drug"),
        EntitySpan(5, 6, "Drug"),
        EntitySpan(9, 10, "Drug"),
    )
    assert sentence.relations == tuple(RelationPair(0, tail, "Adverse-Effect") for tail in (1, 3, 2))
    assert sentence.id == "99:100"


def test_same_text_in_two_abstracts_stays_two_sentences(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, row("Rash", 100, "gold", 111), row("Rash", 0, "gold", 11, document="98"))
    assert [sentence.id for sentence in corpus.sentences] == ["99:100", "98:0"]


def test_row_given_twice_is_told(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, row("Rash", 100, "gold", 111), row("Rash", 100, "gold", 111))
    assert len(corpus.sentences[0].relations) == 1
    assert [(warning.record, warning.action) for warning in corpus.warnings] == [("line 2", "merged")]


def test_longer_of_two_overlapping_entities_stays(tmp_path: pathlib.Path) -> None:
    text = "Codeine intoxication and rash."
    rows = row("Codeine intoxication", 0, "Codeine", 0, text), row("rash", 25, "Codeine", 0, text)
    corpus = load(tmp_path, *rows)
    [sentence] = corpus.sentences
    assert sentence.entities == (EntitySpan(0, 2, "Adverse-Effect"), EntitySpan(3, 4, "Adverse-Effect"))
    assert sentence.relations == ()
    [warning] = corpus.warnings
    assert (warning.record, warning.field, warning.value) == ("line 1", "drug", "'Codeine'")
    assert warning.action == "removed with its relations: 2"


def test_entities_of_the_same_tokens_are_merged_and_told(tmp_path: pathlib.Path) -> None:
    text = "Rash from lithium-gold."
    path = tmp_path / "DRUG-AE.rel"
    path.write_text(row("Rash", 0, "lithium", 10, text) + row("Rash", 0, "gold", 18, text))
    corpus = ade_rel.load(path, "news")
    assert corpus.sentences[0].entities == (EntitySpan(0, 1, "Adverse-Effect"), EntitySpan(2, 3, "Drug"))
    assert len(corpus.sentences[0].relations) == 1
    assert [(warning.record, warning.value, warning.action) for warning in corpus.warnings] == [
        ("line 1", "'lithium'", "changed to 'lithium-gold'"),
        ("line 2", "'gold'", "merged"),
        ("line 2", "'gold'", "changed to 'lithium-gold'"),
    ]


def test_place_that_the_offsets_leave_open_is_told(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, row("gold rash", 50, "gold", 50, "gold rash, gold rash"))
    assert corpus.sentences[0].entities == (EntitySpan(0, 2, "Adverse-Effect"),)
    assert "the first place is taken" in str(corpus.warnings[0])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("99|Rash after gold.|Rash\n", "line 2: row is '99|Rash after gold.|Rash', expected 8 fields"),
        (
            row("Rash", 100, "gold", 111).replace("|104|", "|105|"),
            "line 2: effect end is 105, expected begin + 4",
        ),
        (
            row("Rash", 100, "gold", 111).replace("|111|", "|-1|"),
            "line 2: drug begin is '-1', expected an offset",
        ),
        (
            row("Rash", 100, "silver", 111),
            "line 2: drug is 'silver', expected a text that occurs in the sentence",
        ),
        (row("Rash", 100, "", 111), "line 2: drug is '', expected a text"),
    ],
)
def test_malformed_row_is_left_out_and_reported(tmp_path: pathlib.Path, bad: str, message: str) -> None:
    corpus = load(tmp_path, row("Rash", 100, "lithium", 121), bad)
    assert len(corpus.sentences) == 1 and len(corpus.sentences[0].relations) == 1
    [problem] = corpus.problems
    assert message in str(problem) and "the row is left out" in str(problem)


def test_offsets_that_do_not_agree(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, row("Rash", 100, "lithium", 121), row("Rash", 100, "gold", 110))
    assert corpus.sentences == []
    expected = (
        "line 2: drug begin is 110, expected 111 or 138, where line 1 puts it in the sentence (the sentence"
    )
    assert expected in str(corpus.problems[0])


def test_offsets_of_one_row_that_do_not_agree(tmp_path: pathlib.Path) -> None:
    problem, *_ = load(tmp_path, row("Rash", 100, "gold", 110, "Rash after gold.")).problems
    assert "line 1: drug begin is 110, expected 111, where effect begin 100 puts it in the sentence" in str(
        problem
    )
    problem, *_ = load(tmp_path, row("gold", 107, "Rash", 100, "Rash &lt; gold.")).problems
    assert "effect begin 107 puts it in the sentence (which has '&lt;': offsets of the text without" in str(
        problem
    )


def test_doses_are_not_effects(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "DRUG-DOSE.rel"
    path.write_text(row("5 mg", 8, "gold", 3, "He gold 5 mg."))
    [warning] = ade_rel.load(path).warnings
    assert "name is 'DRUG-DOSE.rel', expected adverse effects" in str(warning) and "--ade_types" in str(
        warning
    )
    corpus = ade_rel.load(path, types=ade_rel.Types("Dose", "Drug", "Has_Dose"))
    assert not corpus.findings
    assert corpus.sentences[0].entities == (EntitySpan(1, 2, "Drug"), EntitySpan(2, 4, "Dose"))
    assert corpus.sentences[0].relations == (RelationPair(1, 0, "Has_Dose"),)
    path.write_text(row("5 mg", 9, "gold", 3, "He gold 5 mg."))
    problem, *_ = ade_rel.load(path, types=ade_rel.Types("Dose", "Drug", "Has_Dose")).problems
    assert "Drug begin is 3, expected 4, where Dose begin 9 puts it" in str(problem)


@st.composite
def writable(draw: st.DrawFn) -> Sentence:
    """Words that differ and are equally long, so that every offset says one place; all entities related."""
    words = draw(st.lists(st.text("ab-.é中", min_size=4, max_size=4), min_size=2, max_size=8, unique=True))
    cuts = sorted(draw(st.sets(st.integers(0, len(words)), min_size=3)))
    spans = list(itertools.pairwise(cuts))
    effects = draw(st.integers(1, len(spans) - 1))
    types = draw(st.permutations(["Adverse-Effect"] * effects + ["Drug"] * (len(spans) - effects)))
    entities = [EntitySpan(*span, type) for span, type in zip(spans, types, strict=True)]
    heads = [i for i, type in enumerate(types) if type == "Adverse-Effect"]
    tails = [i for i, type in enumerate(types) if type == "Drug"]
    pairs = draw(st.permutations([(head, tail) for head in heads for tail in tails]))
    relations = tuple(RelationPair(*pair, "Adverse-Effect") for pair in pairs)
    return Sentence(tuple(words), tuple(entities), relations)


@settings(deadline=None)
@given(st.lists(writable(), min_size=1, max_size=3), st.integers(0, 5000))
def test_round_trip_is_exact(drawn: list[Sentence], offset: int) -> None:
    corpus = [Sentence(s.tokens, s.entities, s.relations, f"{i}:{offset}") for i, s in enumerate(drawn)]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "corpus.rel"
        formats.write(corpus, path, "ade")
        assert ade_rel.load(path, "whitespace").valid_sentences() == corpus


@pytest.mark.parametrize(
    ("sentence", "field"),
    [
        (Sentence(("a b",)), "tokens[0]"),
        (Sentence(("a|b",)), "text"),
        (Sentence(("a",), id="1:2"), "relations"),
        (
            Sentence(
                ("a", "b"),
                (EntitySpan(0, 1, "Drug"), EntitySpan(1, 2, "Drug")),
                (RelationPair(0, 1, "Kill"),),
                "1",
            ),
            "relations[0]",
        ),
        (Sentence(("a",), (EntitySpan(0, 1, "Drug"),), id="1:2"), "entities[0]"),
        (Sentence(("a",)), "id"),
    ],
)
def test_what_the_format_cannot_represent_is_refused(
    tmp_path: pathlib.Path, sentence: Sentence, field: str
) -> None:
    with pytest.raises(InputError) as error:
        formats.write([sentence], tmp_path / "corpus.rel", "ade")
    assert f"record 0: {field} is" in str(error.value)
    assert list(tmp_path.iterdir()) == []
