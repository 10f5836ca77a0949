"""UIMA CAS: any change of a file, in JSON or XMI, gives documents, findings or one error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_any_file import ANY_JSON, check
from test_cas import SPANS, make, system, written

from jner_re.corpora import formats
from jner_re.errors import InputError

JSON_FILE = make(system(), SPANS, [(0, 1, "A")]).to_json()
XMI_FILE = make(system(), SPANS, [(0, 1, "A")]).to_xmi()
OTHERS = [
    "",
    "9",
    "-1",
    "null",
    "{",
    "]",
    "<a>",
    "\0",
    "&",
    "&#0;",
    '"',
    "é",
    "9" * 400,
    "begin",
    "@sofa",
    "%ID",
]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(JSON_FILE)), st.integers(0, 12), st.sampled_from(OTHERS))
def test_any_change_of_json(start: int, length: int, other: str) -> None:
    check("cas", (JSON_FILE[:start] + other + JSON_FILE[start + length :]).encode(), ["news"])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_value_in_json(data: st.DataObject) -> None:
    value = json.loads(JSON_FILE)
    part: Any = value
    while isinstance(part, dict | list) and part:
        key = data.draw(st.sampled_from([*part] if isinstance(part, dict) else [*range(len(part))]))
        if not isinstance(part[key], dict | list) or data.draw(st.integers(0, 3)) == 0:
            part[key] = data.draw(ANY_JSON)
            break
        part = part[key]
    check("cas", json.dumps(value).encode(errors="surrogatepass"), ["news"])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(XMI_FILE)), st.integers(0, 12), st.sampled_from(OTHERS))
def test_any_change_of_xmi(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, other: str
) -> None:
    folder = tmp_path_factory.mktemp("xmi")
    path = written(folder, make(system(), SPANS, [(0, 1, "A")]), "a.xmi")
    path.write_text(XMI_FILE[:start] + other + XMI_FILE[start + length :])
    try:
        corpus = formats.load(path, "cas")
    except InputError as error:
        assert str(error).startswith(str(path))
        return
    assert corpus.sentences or corpus.findings


@settings(max_examples=30)
@given(st.binary(max_size=60))
def test_any_bytes(content: bytes) -> None:
    check("cas", content, ["news"])
