"""Any file gives sentences, problems or one InputError, and nothing else; whatever is told can be printed."""

from __future__ import annotations

import json
import pathlib
import tempfile
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jner_re.corpora import formats
from jner_re.corpora.dropping import drop_invalid
from jner_re.errors import InputError
from jner_re.schema import find_problems

EXAMPLES = 120  # of each test
LONG = "9" * 5000

TEXT = st.text(st.sampled_from("ab AB-.,|\t\r\n'\"[]{}0é中\u0301\u2028\0\x85\ufeff"), max_size=8)
NUMBER = st.one_of(st.integers(-3, 9), st.integers(), st.just(10**999))
DIGITS = st.one_of(
    NUMBER.map(str), st.sampled_from([LONG, "-" + LONG, "0x" + "f" * 5000, "007", "1_0", "", "१"])
)

ANY_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBER, st.floats(), TEXT, st.sampled_from(["\ud800", "Loc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def mostly(good: st.SearchStrategy, other: st.SearchStrategy) -> st.SearchStrategy:
    return st.integers(0, 9).flatmap(lambda n: other if n == 0 else good)


def json_object(**fields: st.SearchStrategy) -> st.SearchStrategy:
    """An object in which any field may be missing or anything, and others may be there."""
    whole = st.fixed_dictionaries({name: mostly(value, ANY_JSON) for name, value in fields.items()})
    some = st.fixed_dictionaries(
        {}, optional={name: mostly(value, ANY_JSON) for name, value in fields.items()}
    )
    other = st.dictionaries(st.sampled_from(["x", "\ud83d", "a\nb", ""]), ANY_JSON, max_size=1)
    return st.builds(lambda a, b: {**b, **a}, mostly(whole, some), mostly(st.just({}), other))


PLACE = st.integers(0, 4)
SPERT = st.lists(
    mostly(
        json_object(
            tokens=st.lists(mostly(st.sampled_from(["a", "b", "."]), ANY_JSON), max_size=5),
            entities=st.lists(
                json_object(type=st.sampled_from(["Loc", ""]), start=PLACE, end=PLACE), max_size=3
            ),
            relations=st.lists(json_object(type=TEXT, head=PLACE, tail=PLACE), max_size=2),
            orig_id=NUMBER | TEXT,
        ),
        ANY_JSON,
    ),
    max_size=3,
).map(json.dumps)


DOCUMENTS = st.lists(
    mostly(
        json_object(
            id=NUMBER | TEXT,
            text=st.sampled_from(["a b", "a. B c", "a.\n\nb", " ", ""]) | TEXT,
            entities=st.lists(
                json_object(type=st.sampled_from(["Loc", ""]), start=PLACE, end=PLACE, text=TEXT), max_size=3
            ),
            relations=st.lists(json_object(type=TEXT, head=PLACE, tail=PLACE), max_size=2),
        ).map(json.dumps),
        TEXT,
    ),
    max_size=3,
).map("\n".join)


FACTS = st.lists(st.lists(PLACE | TEXT, max_size=6) | ANY_JSON, max_size=2)
DYGIE = st.lists(
    mostly(
        json_object(
            doc_key=NUMBER | TEXT,
            sentences=st.just([["a", "b"], ["c"]]) | st.lists(st.lists(TEXT, max_size=2), max_size=2),
            ner=st.lists(st.lists(st.tuples(PLACE, PLACE, TEXT), max_size=3), min_size=2, max_size=2)
            | st.lists(FACTS, max_size=2),
            relations=st.lists(
                st.lists(st.tuples(PLACE, PLACE, PLACE, PLACE, TEXT), max_size=2), min_size=2, max_size=2
            )
            | st.lists(FACTS, max_size=2),
        ).map(json.dumps),
        TEXT,
    ),
    max_size=3,
).map("\n".join)


def lines_of(*fields: st.SearchStrategy, separator: str, odd: st.SearchStrategy) -> st.SearchStrategy[str]:
    line = st.tuples(*(mostly(field, TEXT) for field in fields)).map(separator.join)
    return st.lists(mostly(line, odd), max_size=8).map("\n".join)


LISTS = st.sampled_from(
    [
        "['N']",
        "['Kill']",
        "['Kill', 'N']",
        "['\\ud800']",
        "['\\z']",
        "[]",
        "{[]: 1}",
        "(" * 300,
        "[0]",
        "[-1]",
        "[True]",
    ]
)
MULTIHEAD = lines_of(
    st.integers(0, 3).map(str),
    st.sampled_from(["a", "é", ""]),
    st.sampled_from(["O", "B-Loc", "I-Loc", "I-Peop", "B-", "I-", "-"]),
    LISTS,
    LISTS | st.integers(0, 3).map("[{}]".format) | DIGITS.map("[{}]".format),
    separator="\t",
    odd=st.sampled_from(["#doc 1", "#doc", "#doc  \0", "", " "]),
).map("#doc 0\n{}".format)

MENTION = st.sampled_from(["a", "b", "a b", " ", "b ", "c"])
ADE = lines_of(
    st.sampled_from(["1", "2", ""]),
    st.sampled_from(["a b a", "b", "a"]),
    *(MENTION, PLACE.map(str) | DIGITS, PLACE.map(str) | DIGITS) * 2,
    separator="|",
    odd=TEXT,
)


def check(format: str, content: bytes, tokenizations: Iterable[str | None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "corpus"
        path.write_bytes(content)
        for tokenization in tokenizations:
            try:
                corpus = formats.load(path, format, tokenization)
            except InputError as error:
                assert str(error).encode().startswith(str(path).encode())
                continue
            told = [str(finding).encode() for finding in corpus.findings]
            assert corpus.sentences or told
            assert corpus.problems or not any(map(find_problems, corpus.sentences))
            for sentence, _ in map(drop_invalid, corpus.sentences):
                assert sentence is None or not find_problems(sentence)


@pytest.mark.parametrize("format", ["spert", "multihead", "ade", "documents", "dygie"])
@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=60) | TEXT.map(str.encode))
def test_any_bytes(format: str, content: bytes) -> None:
    check(format, content, [None])


@settings(max_examples=EXAMPLES)
@given(SPERT)
@example(
    f'[{{"tokens": ["a"], "entities": [{{"type": "Loc", "start": 0, "end": {LONG}}}], "relations": []}}]'
)
@example("[" * 100_000)
def test_any_spert_json(content: str) -> None:
    check("spert", content.encode(errors="surrogatepass"), [None])


@settings(max_examples=EXAMPLES)
@given(MULTIHEAD)
@example("#doc 1\n0\tMia\tI-Per\t['N']\t[0]\n1\tFalk\tI-Per\t['N']\t[1]\n")
@example(f"#doc 1\n0\ta\tO\t['N']\t[0x{'f' * 5000}]\n")
def test_any_multihead_lines(content: str) -> None:
    check("multihead", content.encode(), [None])


@settings(max_examples=EXAMPLES)
@given(ADE)
@example(f"1|a b a|a|0|{LONG}|b|2|3\n")
def test_any_ade_rows(content: str) -> None:
    check("ade", content.encode(), ["fine", "whitespace"])


@settings(max_examples=EXAMPLES)
@given(DOCUMENTS)
@example(f'{{"text": "a", "entities": [{{"type": "Loc", "start": 0, "end": {LONG}}}], "relations": []}}')
@example(f'{{"text": "a", "entities": [{{"type": "Loc", "start": 0, "end": {"9" * 900}}}], "relations": []}}')
def test_any_documents(content: str) -> None:
    check("documents", content.encode(errors="surrogatepass"), ["news", "whitespace"])


@settings(max_examples=EXAMPLES)
@given(DYGIE)
@example(f'{{"sentences": [["a"]], "ner": [[[0, {LONG}, "A"]]]}}')
def test_any_dygie_lines(content: str) -> None:
    check("dygie", content.encode(errors="surrogatepass"), [None])
