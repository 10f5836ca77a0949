"""Any files give sentences, problems or one InputError, and what stands in them is counted."""

from __future__ import annotations

import pathlib
import re
import tempfile

from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.corpora import formats
from jner_re.corpora.corpus import Corpus
from jner_re.corpora.dropping import drop_invalid
from jner_re.schema import find_problems

PIECES = ["Ann", "é", "𝒜", "Oslo", " ", "\n", "\r\n", "\r", "\t", "-", "\ufeff", "\u2028"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
OFFSETS = st.one_of(st.integers(0, 30), st.integers(10**14, 10**30), st.just("x"), st.just("٣"))
IDS = st.sampled_from(["T1", "T2", "T3", "E1", "E2", "R1", "R2", "", "*", "#1"])
TARGETS = st.sampled_from(["T1", "T2", "E1", "T9", ""])
ROLES = st.sampled_from(["Arg1", "Arg2", "Whole", "Part", "Part2", "1", "", "trigger"])
SPANS = st.lists(st.tuples(OFFSETS, OFFSETS), min_size=1, max_size=3).map(
    lambda spans: ";".join(f"{start} {end}" for start, end in spans)
)
ARGUMENTS = st.lists(st.tuples(ROLES, TARGETS), max_size=3).map(
    lambda pairs: " ".join(f"{role}:{id}" for role, id in pairs)
)
LINES = st.one_of(
    st.builds("{}\t{} {}\t{}".format, IDS, st.sampled_from(["A", "B", ""]), SPANS, TEXTS),
    st.builds("{}\tA {}".format, IDS, ARGUMENTS),
    st.builds("R{}\tA Whole:{} {}:{}".format, st.integers(1, 9), TARGETS, ROLES, TARGETS),
    st.builds("E{}\tA:{} {}".format, st.integers(1, 2), TARGETS, ARGUMENTS),
    st.builds("{}\t{}".format, IDS, st.text(max_size=8)),
    st.text(max_size=8),
)
CONFIGURATIONS = st.lists(st.sampled_from(["[relations]", "A Whole:A, Part:B", "A", ":", "[", "A ,:,", "!A"]))


@st.composite
def documents(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A text and an .ann file of entities that mostly fit it, whatever they count, and of other lines."""
    text = draw(st.one_of(TEXTS, st.just("Ann 𝒜é Oslo\r\nOslo-Ann left 𝒜.\n\nOslo")))
    counted = draw(st.sampled_from([text, text.replace("\r\n", "\n"), "\ufeff" + text]))
    codec, width = draw(st.sampled_from([("utf-32-le", 4), ("utf-16-le", 2), ("utf-8", 1)]))
    lines = []
    for i in range(draw(st.integers(0, 4))):
        places = st.integers(0, len(counted))
        cuts = sorted(draw(st.lists(places, min_size=2, max_size=4, unique=len(counted) > 2)))
        spans = list(zip(cuts[::2], cuts[1::2], strict=False))
        units = [[len(counted[:cut].encode(codec)) // width for cut in span] for span in spans]
        quoted = " ".join(counted[start:end] for start, end in spans).replace("\n", " ")
        lines.append(f"T{i + 1}\tA {';'.join(f'{start} {end}' for start, end in units)}\t{quoted}")
    lines += draw(st.lists(LINES, max_size=5))
    return text.encode(), draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines).encode()


def read(text: bytes, ann: bytes, conf: bytes, event_arguments: bool) -> Corpus:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("doc.txt", text), ("doc.ann", ann), ("annotation.conf", conf)):
            (pathlib.Path(folder) / name).write_bytes(content)
        return formats.load(pathlib.Path(folder), "brat", event_arguments=event_arguments)


@settings(deadline=None, max_examples=100)
@given(
    st.one_of(documents(), st.tuples(st.binary(max_size=40), st.binary(max_size=40))),
    st.one_of(CONFIGURATIONS.map("\n".join).map(str.encode), st.binary(max_size=20)),
    st.booleans(),
)
def test_any_files(document: tuple[bytes, bytes], conf: bytes, event_arguments: bool) -> None:
    text, ann = document
    corpus = read(text, ann, conf, event_arguments)
    assert all(str(finding).encode() for finding in corpus.findings)
    for sentence in corpus.sentences:
        left, _ = drop_invalid(sentence)
        assert left is not None and find_problems(left) == []
    if not event_arguments:
        assert_all_is_counted(corpus, ann)


def assert_all_is_counted(corpus: Corpus, ann: bytes) -> None:
    """What was read and what was lost is what stands in the file, by its lines' first letters."""
    try:
        lines = re.split("\r\n|\r|\n", ann.decode().removeprefix("\ufeff"))
    except UnicodeDecodeError:
        return
    for kind, letter in (("entities", "T"), ("relations", "R")):
        read = sum(len(getattr(sentence, kind)) for sentence in corpus.sentences)
        lost = sum(getattr(loss, kind) for loss in corpus.losses if loss.reason != "arguments of events")
        assert read + lost == sum(line.startswith(letter) for line in lines)
