"""BioC: any collection in JSON, and any change of one in XML, gives documents, findings or one error."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from test_any_file import ANY_JSON, EXAMPLES, LONG, PLACE, TEXT, check, json_object, mostly
from test_bioc import XML

INFONS = json_object(
    type=st.sampled_from(["A", "", "\n"]), score=st.sampled_from(["0.5", "nan", "x", 0.5, 7])
)
ANNOTATIONS = st.lists(
    json_object(
        id=st.sampled_from("xy"),
        infons=INFONS,
        text=TEXT | st.sampled_from("ab"),
        locations=st.lists(json_object(offset=PLACE, length=PLACE), min_size=1, max_size=2),
    ),
    max_size=3,
)
RELATIONS = st.lists(
    json_object(
        id=TEXT,
        infons=INFONS,
        nodes=st.lists(
            json_object(refid=st.sampled_from("xyz"), role=st.sampled_from(["head", "tail", ""])), max_size=3
        ),
    ),
    max_size=3,
)
COLLECTIONS = json_object(
    documents=st.lists(
        json_object(
            id=PLACE | TEXT,
            infons=INFONS,
            passages=st.lists(
                json_object(
                    offset=PLACE,
                    text=st.sampled_from(["a b", "a. B c", "é\n\nb", None]) | TEXT,
                    sentences=st.lists(
                        json_object(offset=PLACE, text=TEXT, annotations=ANNOTATIONS), max_size=1
                    ),
                    annotations=ANNOTATIONS,
                    relations=RELATIONS,
                ),
                max_size=2,
            ),
            relations=RELATIONS,
        ),
        max_size=2,
    )
).map(json.dumps)


@settings(max_examples=2 * EXAMPLES)
@given(
    COLLECTIONS | mostly(ANY_JSON.map(json.dumps), st.binary(max_size=40).map(lambda b: b.decode("latin-1")))
)
def test_any_collection(content: str) -> None:
    check("bioc", content.encode(errors="surrogatepass"), ["news"])


PARTS = [XML[i : i + 7] for i in range(0, len(XML), 7)]


@settings(max_examples=2 * EXAMPLES)
@given(
    st.integers(0, len(XML)),
    st.integers(0, 12),
    st.sampled_from(["", "9", LONG, "-1", "<text>", "</text>", "\0", "&", "&#0;", "&x;", '"', "é", *PARTS]),
)
def test_any_change_of_xml(start: int, length: int, other: str) -> None:
    check("bioc", (XML[:start] + other + XML[start + length :]).encode(), ["news"])
