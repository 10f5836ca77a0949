"""Offsets in other units than code points."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.corpora.character_offsets import Quote, find_reading

TEXT = "Zoé 𝒜nn left.\r\nMia 𝒜 joined Örsted.\r\n\r\nShe lives in Oslo."


def counted(unit: str, text: str) -> int:
    """The length of a text in a unit, by Python's codecs."""
    return {
        "code points": len(text),
        "UTF-16 units": len(text.encode("utf-16-le")) // 2,
        "bytes": len(text.encode()),
    }[unit]


def quote(word: str, unit: str, text: str = TEXT) -> Quote:
    start = counted(unit, text[: text.index(word)])
    return Quote(((start, start + counted(unit, word)),), word)


@pytest.mark.parametrize("unit", ["code points", "UTF-16 units", "bytes"])
@pytest.mark.parametrize("line_ends", ["as they stand", "CRLF as one", "line ends as two"])
@pytest.mark.parametrize("mark", [False, True])
def test_every_way_to_count_is_found(unit: str, line_ends: str, mark: bool) -> None:
    text = TEXT.replace("\r\n", "\n") if line_ends == "line ends as two" else TEXT
    as_counted = {
        "as they stand": text,
        "CRLF as one": text.replace("\r\n", "\n"),
        "line ends as two": text.replace("\n", "\r\n"),
    }[line_ends]
    as_counted = "\ufeff" + as_counted if mark else as_counted
    words = ("Zoé", "𝒜nn", "Mia", "Örsted", "Oslo")
    quotes = [quote(word, unit, as_counted) for word in words]
    fit = find_reading(text, quotes, byte_order_mark=mark)
    places = [fit.reading.spans(quote.spans) for quote in quotes]
    assert places == [((text.index(word), text.index(word) + len(word)),) for word in words]
    changes = [line_ends] * (line_ends != "as they stand") + ["the byte order mark counted"] * mark
    assert fit.reading.name == unit + (f" with {' and '.join(changes)}" if changes else "")
    assert fit.fitting == [True] * 5


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.sampled_from(["a", "é", "𝒜", "\r\n", "\n", " ", "bc"]), min_size=1, max_size=12), st.data()
)
def test_translation_by_codecs(pieces: list[str], data: st.DataObject) -> None:
    text = "".join(pieces)
    unit = data.draw(st.sampled_from(["code points", "UTF-16 units", "bytes"]))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    span = (counted(unit, text[:start]), counted(unit, text[:end]))
    fit = find_reading(text, [Quote((span,), text[start:end])])
    assert fit.fitting == [True]  # perhaps under a nearer reading
    [(found_start, found_end)] = fit.reading.spans([span]) or [(0, 0)]
    assert text[found_start:found_end].split() == text[start:end].split()


def test_a_single_misfit_does_not_change_the_reading() -> None:
    quotes = [quote("𝒜nn", "UTF-16 units"), quote("Mia", "UTF-16 units"), Quote(((0, 3),), "Zoe")]
    fit = find_reading(TEXT, quotes)
    assert fit.reading.name == "UTF-16 units" and fit.fitting == [True, True, False]
    assert fit.tried.startswith("code points, code points with CRLF as one, UTF-16 units, bytes, ")


def test_offsets_inside_a_character_are_no_places() -> None:
    fit = find_reading(TEXT, [quote("Mia", "UTF-16 units"), quote("Oslo", "UTF-16 units")])
    assert fit.reading.spans([(5, 6)]) is None and fit.reading.spans([(4, 9999)]) is None


def test_code_points_where_several_readings_fit() -> None:
    assert find_reading(TEXT, [Quote(((0, 3),), "Zoé")]).reading.name == "code points"
    assert find_reading(TEXT, []).reading.name == "code points"
    assert find_reading("", [Quote(((0, 3),), "Zoé")]).fitting == [False]
