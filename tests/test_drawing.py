"""Drawings: well-formed, harmless, complete, and nothing in them lies on anything else."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import documents
import pytest
from hypothesis import given, settings

from jner_re import Document, Entity, Relation, drawing
from jner_re.drawing.characters import columns
from jner_re.drawing.colors import color

_SVG = "{http://www.w3.org/2000/svg}"
_EPSILON = 0.11  # places are written with one decimal


@dataclasses.dataclass
class Drawn:
    """An SVG, read: extents are (left, right), arcs go from x to x at a height y."""

    width: float
    height: float
    words: list[tuple[str, float, float]]
    boxes: list[tuple[float, float]]
    labels: list[tuple[float, float, float]]  # of arcs: left, right, baseline
    arcs: list[tuple[float, float, float]]  # from x to x at a height y
    ends: list[float]  # of arcs, at boxes
    ys: list[float]  # all heights at which anything is


def drawn(document: Document, **options: float) -> list[Drawn]:
    root = ElementTree.fromstring(drawing.html(document, **options))
    return [_read(svg) for svg in root.iter(f"{_SVG}svg")]


def _read(svg: ElementTree.Element) -> Drawn:
    left, top, width, height = map(float, svg.attrib["viewBox"].split())
    assert (left, top) == (0, 0)
    line = Drawn(width, height, [], [], [], [], [], [])
    for text in svg.iter(f"{_SVG}text"):
        half = float(text.attrib["textLength"]) / 2
        extent = float(text.attrib["x"]) - half, float(text.attrib["x"]) + half
        y = float(text.attrib["y"])
        line.ys += [y, y - 0.75 * float(text.attrib["font-size"])]
        if text.attrib["font-size"] == "14":
            line.words.append((text.text or "", *extent))
    for rect in svg.iter(f"{_SVG}rect"):
        x, y = float(rect.attrib["x"]), float(rect.attrib["y"])
        line.boxes.append((x, x + float(rect.attrib["width"])))
        line.ys += [y, y + float(rect.attrib["height"])]
    for group in svg.iter(f"{_SVG}g"):
        path, text = group.find(f"{_SVG}path"), group.find(f"{_SVG}text")
        if path is not None and text is not None:
            places = [
                tuple(map(float, p.split(","))) for p in re.findall(r"[\d.-]+,[\d.-]+", path.get("d", ""))
            ]
            y = min(y for _, y in places)
            line.arcs.append((float(path.get("d", "M").split(",")[0][1:]), _last_x(path.get("d", "")), y))
            begins, ends = (re.search(leg, path.get("d", "")) for leg in ("^M[^ ]* V", r"V[\d.-]+$"))
            line.ends += [x for x, leg in zip(line.arcs[-1], (begins, ends), strict=False) if leg]
            line.ys += [y for _, y in places]
            half, middle = float(text.attrib["textLength"]) / 2, float(text.attrib["x"])
            line.labels.append((middle - half, middle + half, float(text.attrib["y"])))
    return line


def _last_x(path: str) -> float:
    """Where a path ends: at the right or left of its last corner, or of its last level part."""
    *_, last = re.findall(r"H([\d.-]+)$|([\d.-]+),[\d.-]+ V[\d.-]+$", path)
    return float(last[0] or last[1])


def apart(extents: list[tuple[float, float]]) -> bool:
    ordered = sorted(extents)
    return all(one[1] <= other[0] + _EPSILON for one, other in itertools.pairwise(ordered))


@pytest.mark.parametrize("mark", [".", ",", ")", "?!", "。", "»"])
def test_no_line_begins_with_a_mark_that_closes(mark: str) -> None:
    """Also in tokens that are joined by spaces, as a report has them, and after an entity."""
    for width in range(80, 100):
        text = f"{'a' * (width - 5)} [Rome|Loc] {mark} Then [Oslo|Loc] {mark} {'b ' * 60}{mark}"
        firsts = [line.words[0][0] for line in drawn(documents.marked(text))]
        assert len(firsts) > 1 and not [first for first in firsts if first.startswith(mark)]


MARKED = [
    documents.marked("[Ada Berg|Peop] lives in [Oslo|Loc].", ("Live_In", 0, 1)),
    documents.marked("[Romeo|Peop] loves [Juliet|Peop].", ("Loves", 0, 1), ("Loves", 1, 0)),
    documents.marked("[Rome|L] [Oslo|L]([Ulm|L])", ("OrgBased_In", 0, 1), ("OrgBased_In", 2, 1), ("A", 0, 2)),
    documents.marked(
        "[Ann|P] and [Bob|P] met [Carl|P] and [Dora|P] in [Lima|L].",
        *(("Knows", i, j) for i in range(5) for j in range(5) if i != j),
    ),
]


@settings(max_examples=60)
@given(documents.documents())
def test_it_is_harmless_and_complete(document: Document) -> None:
    text = drawing.html(document)
    root = ElementTree.fromstring(text)
    names = {element.tag.removeprefix(_SVG) for element in root.iter()}
    assert names <= {"div", "style", "svg", "g", "title", "rect", "path", "text"}
    keys = {key for element in root.iter() for key in element.attrib}
    assert not [key for key in keys if key.startswith("on") or "href" in key or key in ("id", "style")]
    values = [value for element in root.iter() for value in element.attrib.values()]
    assert not [value for value in values if "//" in value or "url(" in value]
    lines = [_read(svg) for svg in root.iter(f"{_SVG}svg")]
    words = "".join(word for line in lines for word, *_ in line.words)
    assert "".join(words.split()) == _only_xml("".join(document.text.split()))
    assert sum(len(line.boxes) for line in lines) == len(document.entities)
    ends = sum(len(line.ends) for line in lines)
    assert ends == 2 * len(document.relations)  # of which those in two lines have one in each
    assert "not drawn" not in text.rpartition("</svg>")[2]


def _only_xml(text: str) -> str:
    """What XML forbids, by the parser's word, as U+FFFD."""
    return "".join(_or_replacement(character) for character in text)


def _or_replacement(character: str) -> str:
    try:
        ElementTree.fromstring(f"<a><![CDATA[{character}]]></a>")
    except (ElementTree.ParseError, UnicodeEncodeError):
        return "\ufffd"
    return character


@settings(max_examples=60)
@given(documents.documents())
def test_nothing_lies_on_anything_else(document: Document) -> None:
    for line in drawn(document):
        _check_places(line)


@pytest.mark.parametrize("document", MARKED)
def test_nothing_lies_on_anything_else_in_these(document: Document) -> None:
    (line,) = drawn(document)
    _check_places(line)
    assert len(line.arcs) == len(document.relations)


def _check_places(line: Drawn) -> None:
    outside_boxes = [
        (left, right)
        for _, left, right in line.words
        if not any(a <= left and right <= b for a, b in line.boxes)
    ]
    assert len(outside_boxes) + len(line.boxes) == len(line.words)
    assert apart(line.boxes + outside_boxes)
    labels = [(left, right) for left, right, _ in line.labels]
    arcs = [tuple(sorted(arc[:2])) for arc in line.arcs]
    for left, right in line.boxes + outside_boxes + labels + arcs:
        assert left + _EPSILON >= 0 and right <= line.width + _EPSILON
    assert all(0 <= y <= line.height for y in line.ys)
    for (one, height), (other, other_height) in itertools.combinations(
        [(sorted(arc[:2]), arc[2]) for arc in line.arcs], 2
    ):
        assert height != other_height or apart([tuple(one), tuple(other)])
    for _, labels_of_a_height in itertools.groupby(sorted(line.labels, key=lambda x: x[2]), lambda x: x[2]):
        assert apart([(left, right) for left, right, _ in labels_of_a_height])
    assert len({round(x, 1) for x in line.ends}) == len(line.ends)
    assert all(any(a < x < b for a, b in line.boxes) for x in line.ends)


def test_arcs_lead_from_head_to_tail() -> None:
    document = documents.marked("[a|X] [b|X] [c|X]", ("AB", 0, 1), ("CA", 2, 0), ("CB", 2, 1))
    (line,) = drawn(document)
    for (start, end, _), relation in zip(line.arcs, document.relations, strict=True):
        assert line.boxes[relation.head][0] < start < line.boxes[relation.head][1]
        assert line.boxes[relation.tail][0] < end < line.boxes[relation.tail][1]
    assert line.arcs[1][2] < min(line.arcs[0][2], line.arcs[2][2])  # the outer is the higher
    assert line.arcs[0][2] == line.arcs[2][2]


def test_arcs_of_one_entity_do_not_cross() -> None:
    """Of two arcs with an entity in common, the leg of the higher at it is not under the lower."""
    for line in (line for document in MARKED for line in drawn(document)):
        for one, other in itertools.permutations(line.arcs, 2):
            if one[2] < other[2] and set(_boxes_of(one, line)) & set(_boxes_of(other, line)):
                low, high = sorted(other[:2])
                shared = set(_boxes_of(one, line)) & set(_boxes_of(other, line))
                legs = [x for x in one[:2] if set(_box_at(x, line)) <= shared]
                assert not [x for x in legs if low < x < high]


def _boxes_of(arc: tuple[float, float, float], line: Drawn) -> Iterator[int]:
    return itertools.chain(_box_at(arc[0], line), _box_at(arc[1], line))


def _box_at(x: float, line: Drawn) -> Iterator[int]:
    return (i for i, (left, right) in enumerate(line.boxes) if left < x < right)


@pytest.mark.parametrize("document", MARKED)
def test_labels_are_over_their_arcs(document: Document) -> None:
    for line in drawn(document):
        for arc, (left, right, baseline) in zip(line.arcs, line.labels, strict=True):
            assert min(arc[:2]) < left and right < max(arc[:2]) and 0 < arc[2] - baseline < 5


def test_labels_avoid_what_leads_down_from_higher_arcs() -> None:
    text = "[a|X] and then and then [b|X] and then and then [c|X] and then and then and then [d|X]"
    (line,) = drawn(documents.marked(text, ("AC", 0, 2), ("BD", 1, 3)))
    lower, higher = line.arcs
    assert lower[2] > higher[2] and lower[0] < higher[0] < lower[1]
    left, right, _ = line.labels[0]
    assert not left - 3 < higher[0] < right + 3


def test_a_parenthesis_stays_with_its_entity() -> None:
    (line,) = drawn(documents.marked("[Ulm|X] ([Bonn|X])", ("A-rather-long-type", 0, 1)))
    (parenthesis,) = (right for word, _, right in line.words if word == "(")
    assert 0 <= line.boxes[1][0] - parenthesis < 3


def test_scores_are_under_entities_and_in_titles() -> None:
    """Rounded down under entities, since nothing is certain."""
    entity = dataclasses.replace(MARKED[0].entities[0], score=0.9999)
    document = dataclasses.replace(MARKED[0], entities=(entity, MARKED[0].entities[1]))
    root = ElementTree.fromstring(drawing.html(document))
    texts = [text.text for text in root.iter(f"{_SVG}text")]
    assert "Peop 0.99" in texts and "Loc 0.75" in texts and "Live_In" in texts
    assert [g.get("data-score") for g in root.iter(f"{_SVG}g")] == ["0.75", None, None]
    titles = [title.text for title in root.iter(f"{_SVG}title")]
    assert sorted(titles) == [
        "Ada Berg → Oslo: Live_In 0.7500",
        "Ada Berg: Peop 0.9999",
        "Oslo: Loc 0.7500",
    ]


def test_scripts_are_text() -> None:
    evil = "<script>alert('\"&')</script>"
    last = Entity(evil, len(evil) + 1, len(evil) + 2, "x", 1.0)
    entities = Entity(evil, 0, len(evil), evil, 1.0), last
    document = Document(f"{evil} x", (), entities, (Relation(evil, 0, 1, 1.0),))
    text = drawing.html(document)
    assert "<script" not in text and "alert('" not in text
    found = [element.text for element in ElementTree.fromstring(text).iter(f"{_SVG}text")]
    assert found.count(evil) == 2 and found.count(f"{evil} 1.00") == 2


def test_half_of_a_pair_and_control_characters_are_replaced() -> None:
    (line,) = drawn(Document("a\ud83d \x00b \uffff"))
    assert line.words[0][0] == "a\ufffd \ufffdb \ufffd"


def test_lines_are_broken_where_no_relation_passes_unless_they_are_too_wide() -> None:
    sentence = (
        "[Ada|Peop] went, as she had always done on such days, to the old town of [Oslo|Loc] by train. "
    )
    relations = [("Live_In", 2 * i, 2 * i + 1) for i in range(20)]
    lines = drawn(documents.marked(sentence * 20, *relations))
    assert [len(line.arcs) for line in lines].count(1) == 20 and len(lines) < 30
    plain = drawn(documents.marked("some words, " * 200))
    lengths = [len(line.words[0][0]) for line in plain]
    assert min(lengths[:-1]) > 90 and max(lengths) <= 101
    long = documents.marked("[Ada Berg|X] " + "some words " * 200 + "[b|X]", ("R", 0, 1), ("S", 1, 0))
    first, *others, last = drawn(long)
    assert first.width > 1.9 * drawing.LINE_WIDTH and max(line.width for line in others) < 1.1 * first.width
    assert len(first.arcs) == len(last.arcs) == 2 and not any(line.arcs for line in others)
    assert first.arcs[0][0] < first.arcs[0][1] == pytest.approx(first.width, abs=10)
    assert last.arcs[0][0] < last.arcs[0][1] and last.arcs[0][0] == 0
    for label in ("R → b", "b → S", "Ada Berg → R", "S → Ada Berg"):
        assert f">{label}</text>" in drawing.html(long)
    assert len(drawn(documents.marked("東京都に住む" * 100))) == 12  # two columns each, no white space


def test_white_space_is_one_space() -> None:
    (line,) = drawn(documents.marked(" It  rains,\t[Ada\nBerg|Peop]\u00a0! "))
    assert [word for word, *_ in line.words] == ["It rains,", "Ada Berg", "!"]


def test_a_line_break_of_the_text_is_one() -> None:
    text = " \n[Ada|X] and \n\n [Bo|X]\u2028said:\r\nno.\n"
    for relations in ((), (("R", 0, 1),)):
        lines = [[word for word, *_ in line.words] for line in drawn(documents.marked(text, *relations))]
        assert lines == [["Ada", "and"], ["Bo"], ["said:"], ["no."]]


def test_lines_are_as_wide_as_is_asked() -> None:
    document = documents.marked("[Ada Berg|Peop] went to [Oslo|Location] . " * 20)
    for width in (200, 411, 1000):
        widths = [line.width for line in drawn(document, line_width=width)]
        assert width - 150 < max(widths) <= width


def test_the_style_sheet_can_be_left_out() -> None:
    text = drawing.html(MARKED[0], style=False)
    assert "<style" not in text and f"<style>{drawing.STYLE}</style>" in drawing.html(MARKED[0])


@pytest.mark.parametrize("text", ["", " \n"])
def test_nothing_to_draw(text: str) -> None:
    assert drawn(Document(text)) == []


def test_a_document_without_tokens_shows_its_text() -> None:
    (line,) = drawn(Document("It  rains."))
    assert [word for word, *_ in line.words] == ["It rains."] and not line.boxes


def test_right_to_left() -> None:
    document = documents.marked("[דוד|Peop] גר ב[תל אביב|Loc], [Ada|Peop].", ("Live_In", 0, 1))
    (line,) = drawn(document)
    _check_places(line)
    assert line.boxes[0][0] > line.boxes[1][1] > line.boxes[2][1]
    assert line.arcs[0][0] > line.arcs[0][1]
    assert 'dir="rtl"' in drawing.html(document)


def test_a_long_document_is_cut_and_says_so() -> None:
    one = MARKED[0]
    length, count = len(one.text) + 1, 20_000
    entities = [
        dataclasses.replace(entity, start=entity.start + i * length, end=entity.end + i * length)
        for i in range(count)
        for entity in one.entities
    ]
    relations = [Relation("Live_In", 2 * i, 2 * i + 1, 0.5) for i in range(count)]
    text = drawing.html(Document(f"{one.text} " * count, (), tuple(entities), tuple(relations)))
    assert text.count("<svg") == 200 and len(text) < 2_000_000
    left_out = re.search(r"not drawn: ([\d,]+) characters, ([\d,]+) entities, ([\d,]+) relations", text)
    assert left_out is not None
    characters, others, arcs = (int(found.replace(",", "")) for found in left_out.groups())
    assert others == 2 * count - text.count("<rect") and arcs == count - text.count("data-score")
    assert characters == length * (count - text.count("data-score"))


def test_many_lines_can_be_asked_for() -> None:
    document = documents.marked("word " * 100)
    assert len(drawn(document, max_lines=2)) == 2 and len(drawn(document)) == 5
    assert drawing.html(document, max_lines=5).endswith("</svg></div>")
    assert "not drawn: 400 characters<" in drawing.html(document, max_lines=1)


def test_of_very_many_relations_the_likeliest_are_drawn() -> None:
    pairs = [(i, j) for i in range(20) for j in range(20) if i != j]
    document = documents.marked("[a|X] " * 20)
    relations = tuple(Relation("R", *pair, k / 1000) for k, pair in enumerate(pairs))
    document = dataclasses.replace(document, relations=relations)
    (line,) = drawn(document)
    assert len(line.arcs) == 100
    assert "not drawn: 280 relations" in drawing.html(document)
    assert "R 0.3790" in drawing.html(document) and "R 0.2790" not in drawing.html(document)


def test_entities_that_overlap_and_relations_to_themselves_do_no_harm() -> None:
    document = documents.marked("[Ada Berg|X] [is|Z]", ("R", 0, 0), ("R", 1, 0))
    overlapping, with_it = Entity("Y", 4, 8, "Berg", 1.0), Relation("R", 0, 2, 1.0)
    document = dataclasses.replace(
        document,
        entities=(*document.entities, overlapping),
        relations=(*document.relations, with_it),
    )
    (line,) = drawn(document)
    assert len(line.boxes) == 2 and len(line.arcs) == 2
    _check_places(line)
    assert "not drawn: 1 entities, 1 relations" in drawing.html(document)


def test_notebooks_show_the_drawing() -> None:
    assert MARKED[0]._repr_html_() == drawing.html(MARKED[0])


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", 0),
        ("Ada", 3),
        ("東京", 4),
        ("ｱ", 1),
        ("e\u0301", 1),
        ("😀", 2),
        ("👍🏽", 2),
        ("❤\ufe0f", 2),
        ("👨\u200d👩\u200d👧", 2),
        ("🇳🇴", 2),
        ("מָ", 1),
    ],
)
def test_columns(text: str, expected: int) -> None:
    assert columns(text) == expected


def test_colors_are_readable_and_tell_types_apart() -> None:
    conll04 = [
        *("Peop", "Loc", "Org", "Other"),
        *("Live_In", "Work_For", "Kill", "Located_In", "OrgBased_In"),
    ]
    assert len({color(type) for type in conll04}) == len(conll04)
    assert color("Drug") != color("Adverse-Effect")
    for type in map(str, range(50)):
        rgb = [int(color(type)[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in rgb]
        luminance = sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
        assert 1.05 / (luminance + 0.05) > 4.45 and (luminance + 0.05) / 0.05 > 4.45


def test_dashed_lines_and_missing_scores() -> None:
    document = documents.marked(
        "[Ada|Peop] left [Oslo|Loc] for [Rome|Loc]", ("Live_In", 0, 1), ("Live_In", 0, 2)
    )
    unsure = dataclasses.replace(document.entities[1], score=math.nan)
    document = dataclasses.replace(document, entities=(document.entities[0], unsure, document.entities[2]))
    root = ElementTree.fromstring(drawing.html(document, dashed=[unsure, document.relations[1]]))
    titles = {
        group.findtext(f"{_SVG}title"): [shape.tag for shape in group if "stroke-dasharray" in shape.attrib]
        for group in root.iter(f"{_SVG}g")
    }
    assert "Loc" in [text.text for text in root.iter(f"{_SVG}text")]
    assert titles == {
        "Ada: Peop 0.7500": [],
        "Oslo: Loc": [f"{_SVG}rect"],
        "Rome: Loc 0.7500": [],
        "Ada → Oslo: Live_In 0.7500": [],
        "Ada → Rome: Live_In 0.7500": [f"{_SVG}path"],
    }
