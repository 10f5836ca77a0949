"""spaCy's DocBin (.spacy): `doc.ents`, and relations as our component or spaCy's tutorial has them.

The component (`extraction.spacy_component`) stores relations in `doc.user_data` under the characters of their
heads, and spaCy the score of an entity, `span._.score`, in the same way; spaCy's tutorial (rel_component) has
one dictionary, `doc._.rel`, {(first token of the head, first token of the tail): {type:
probability}}. A document's id and further fields are entries of `user_data` with their names.
"""

from __future__ import annotations

import gc
import itertools
import math
import pathlib
import warnings
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from jner_re import extras, files
from jner_re.corpora.annotated_text import AnnotatedText
from jner_re.corpora.corpus import Finding, Loss, raise_problems, shortened
from jner_re.corpora.docbin_document import RELATIONS, SCORE, DocBinDocument
from jner_re.corpora.text_files import UnreadableError, read_bytes
from jner_re.document import Document
from jner_re.errors import InputError

_EXPECTED = "a DocBin of spaCy"
_READ = ("ORTH", "ENT_IOB", "ENT_TYPE")
_LARGEST, _RATIO, _CHUNK = 128 * 2**20, 100, 2**20  # of the decompressed content: bytes, times the file's
_NO_GROUPS = (b"", b"\x90")  # of spans, serialized


def texts(path: pathlib.Path) -> tuple[list[AnnotatedText], list[Finding]]:
    """Reads a file; nothing of it is unpickled.

    Left out with a finding each: entities of white space; relations without two entities; span groups and
    other attributes.

    Raises:
      InputError: the file is no DocBin, or the package spacy is missing.
    """
    path = pathlib.Path(path)
    try:
        data = read_bytes(path)
    except UnreadableError as error:
        raise InputError(str(error)) from None
    findings: list[Finding] = []
    found: list[AnnotatedText] = []
    vocabulary = _spacy().blank("xx").vocab
    try:
        packed, has_groups = _unpacked(data)
    except Exception as error:  # of numpy, msgpack and spaCy, any
        gc.enable()  # srsly leaves it off
        raise InputError(f"{path}: {_cause(error)}, expected {_EXPECTED}") from None
    try:
        for doc, has in zip(packed.get_docs(vocabulary), has_groups, strict=True):
            reading = DocBinDocument(doc, str(path), f"record {len(found)}", has)
            found.append(reading.text())
            findings += reading.findings
    except Exception as error:
        gc.enable()
        what = (f"record {len(found)}", "content", _cause(error), "a document of spaCy")
        loss = Loss("unreadable document", len(packed) - len(found))
        findings.append(Finding(str(path), *what, "it and those after it are left out", loss=loss))
    return found, findings


def write(documents: Sequence[Document], path: pathlib.Path) -> None:
    """Writes a DocBin with user data; tokens are spaCy's, split where entities begin and end.

    Raises:
      InputError: entities overlap, the file cannot be written, or the package spacy is missing.
    """
    path = pathlib.Path(path)
    raise_problems(unsupported(documents, path))
    tokenizer = _spacy().blank("xx").tokenizer
    from spacy.tokens import DocBin

    packed = DocBin(store_user_data=True)
    for i, document in enumerate(documents):
        try:
            packed.add(_doc(document, tokenizer))
        except OverflowError:
            raise InputError(f"{path}: not written: record {i}: a field has too large a number") from None
    files.write_bytes(path, packed.to_bytes())


def unsupported(documents: Sequence[Document], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent: entities that overlap, "broken_at", a field "id"."""
    findings = []
    for i, document in enumerate(documents):
        for field, value, expected in _not_in_docbin(document):
            findings.append(Finding(str(path), f"record {i}", field, shortened(repr(value)), expected))
    return findings


def _spacy() -> Any:
    try:
        import spacy
    except ImportError as error:
        raise extras.missing(error.name, "spacy") from None
    return spacy


def _unpacked(data: bytes) -> tuple[Any, list[bool]]:
    """The DocBin with only the columns that are read, and which documents have groups of spans."""
    from spacy.attrs import intify_attr
    from spacy.tokens import DocBin

    _check_size(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        packed = DocBin().from_bytes(data)
    wanted = [intify_attr(name) for name in _READ]
    columns = [packed.attrs.index(attr) for attr in wanted if attr in packed.attrs]
    packed.tokens = [tokens[:, columns] for tokens in packed.tokens]
    packed.attrs = [packed.attrs[column] for column in columns]
    has_groups = [group not in _NO_GROUPS for group in packed.span_groups]
    packed.span_groups = [b""] * len(packed)
    packed.cats = [{} for _ in packed.tokens]
    return packed, has_groups


def _check_size(data: bytes) -> None:
    """Raises ValueError for what is not compressed, or a small file that would fill the memory."""
    decompressing, size, left = zlib.decompressobj(), 0, data
    while left and not decompressing.eof:
        try:
            size += len(decompressing.decompress(left, _CHUNK))
        except zlib.error as error:
            raise ValueError(str(error)) from None
        left = decompressing.unconsumed_tail
        if size > max(_LARGEST, _RATIO * len(data)):
            raise ValueError(f"{size:,} bytes or more, made of {len(data):,}")


def _cause(error: Exception) -> str:
    return shortened(" ".join(f"{type(error).__name__}: {error}".split()))


def _not_in_docbin(document: Document) -> Iterator[tuple[str, Any, str]]:
    end, last = 0, -1
    for i, entity in sorted(enumerate(document.entities), key=lambda item: item[1].start):
        if entity.start < end:
            yield f"entities[{i}]", entity.text, f"no character of entities[{last}] (ents do not overlap)"
        if entity.end > end:
            end, last = entity.end, i
    if document.broken_at:
        yield "broken_at", list(document.broken_at), "none (the format has no such field)"
    if "id" in document.fields:
        yield "id", document.fields["id"], "another name"


def _doc(document: Document, tokenizer: Any) -> Any:
    from spacy.tokens import Doc

    words, spaces = _words(document, [(token.idx, len(token)) for token in tokenizer(document.text)])
    doc = Doc(tokenizer.vocab, words=words, spaces=spaces)
    spans = [doc.char_span(entity.start, entity.end, entity.type) for entity in document.entities]
    doc.set_ents([span for span in spans if span])
    data: dict[Any, Any] = {**({"id": document.id} if document.id else {}), **document.fields}
    for entity in document.entities:
        if not math.isnan(entity.score):
            data["._.", SCORE, entity.start, entity.end] = round(entity.score, 4)
    for relation in document.relations:
        head, tail = document.entities[relation.head], document.entities[relation.tail]
        place = (tail.start - head.start, tail.end - head.start)
        key = ("._.", RELATIONS, head.start, head.end)
        data.setdefault(key, []).append((*place, relation.type, round(relation.score, 4)))
    doc.user_data.update(data)
    return doc


def _words(document: Document, tokens: list[tuple[int, int]]) -> tuple[list[str], list[bool]]:
    """Tokens, and whether a space follows each; an entity begins and ends where tokens do."""
    text = document.text
    starts = {entity.start for entity in document.entities}
    ends = {entity.end for entity in document.entities}
    cuts = {0, len(text)} | starts | ends
    for start, length in tokens:
        cuts |= {start, start + length}
    words: list[str] = []
    spaces: list[bool] = []
    places = sorted(cuts)
    for start, end in itertools.pairwise(places):
        piece = text[start:end]
        if piece == " " and words and not spaces[-1] and start not in starts and end not in ends:
            spaces[-1] = True
        else:
            words.append(piece)
            spaces.append(False)
    return words, spaces
