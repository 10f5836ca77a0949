"""The pages and clients that name an extractor's outputs, against the table of them."""

from __future__ import annotations

import pathlib
import re

import pytest

from jner_re.extraction.outputs import OUTPUTS, markdown_table

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENTS = sorted((ROOT / "docs" / "clients").glob("client.*"))  # Client.java prints an answer as it is


def test_the_page_has_the_table() -> None:
    assert f"\n\n{markdown_table()}\n\n" in (ROOT / "docs" / "serving.md").read_text()


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: path.name)
def test_clients_ask_for_what_there_is(path: pathlib.Path) -> None:
    named = set(re.findall(r"\b(?:entity|relation)_[a-z]+\b", path.read_text()))
    assert {"entity_type", "relation_head"} <= named <= OUTPUTS.keys()


def test_types_of_the_client_in_go() -> None:
    types = {"string": "string", "int": "int32", "float64": "float32"}
    source = (ROOT / "docs" / "clients" / "client.go").read_text()
    fields = re.findall(r'\[\](\w+)\s+`json:"(\w+)"`', source)
    assert len(fields) == 6
    for kind, name in fields:
        assert types[kind] == OUTPUTS[name].dtype
