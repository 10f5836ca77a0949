"""Documents as JSON lines: raw text with annotation in characters, as `predict` prints it.

A line is {"id": str or int (optional), "text": str, "entities": [{"type", "start", "end"}], "relations":
[{"type", "head", "tail"}]}, its places in code points, `end` exclusive; head and tail index the document's
entities. Further fields are read over, such as scores; an entity's "text" has to be what stands at its place.
Documents become sentences as the exported model splits text (`text.sentences`).
"""

from __future__ import annotations

import bisect
import json
import pathlib
from collections.abc import Sequence
from typing import Any

from jner_re import files
from jner_re.corpora import json_records
from jner_re.corpora.alignment import is_exact, token_span, whole_tokens
from jner_re.corpora.corpus import (
    Corpus,
    Finding,
    Loss,
    Spans,
    check_corpus,
    check_sentence,
    raise_problems,
    require_valid,
    shortened,
)
from jner_re.corpora.text_files import read_text
from jner_re.document import Document
from jner_re.schema import EntitySpan, RelationPair, Sentence
from jner_re.text.sentences import split


def load(path: pathlib.Path, tokenization: str = "news") -> Corpus:
    """Reads a corpus with everything found about it.

    A line that is no JSON, or of a wrong shape, is left out whole. Entities and relations that no sentence
    can have are left out too, each with a finding: an entity across the end of a sentence, a relation between
    two sentences.

    Args:
      path: the file.
      tokenization: a key of `TOKEN_PATTERNS`.

    Raises:
      InputError: the file is no UTF-8 text, or empty.
    """
    path = pathlib.Path(path)
    content = read_text(path)
    findings = content.warnings(str(path))
    sentences: list[Sentence] = []
    places: list[str] = []
    whole: list[bool] = []
    for number, line in enumerate(content.text.split("\n"), 1):
        if not line.strip():
            continue
        record, place = None, f"line {number}"
        try:
            record = _record(line)
            document = _Document(record, str(path), place, tokenization)
        except json_records.WrongShapeError as wrong:
            loss = json_records.loss_of(record)
            action = "the record is left out"
            findings.append(
                Finding(str(path), place, wrong.field, wrong.value, wrong.expected, action, loss=loss)
            )
            continue
        sentences += document.sentences
        places += [place] * len(document.sentences)
        whole += document.whole
        findings += document.findings
    findings += check_corpus(sentences, path, places)
    return Corpus(sentences, findings, Spans(sum(whole), len(whole)))


def write(sentences: Sequence[Sentence], path: pathlib.Path) -> None:
    """Writes a document a sentence, its tokens joined by spaces; `load` splits it again.

    Raises:
      InputError: a sentence is not valid, the format cannot represent it, or the file cannot be written.
    """
    path = pathlib.Path(path)
    require_valid(sentences, path)
    raise_problems(unsupported(sentences, path))
    lines = []
    for sentence in sentences:
        record = Document.of_sentence(sentence).to_json()
        lines.append(
            json.dumps({**({"id": sentence.id} if sentence.id else {}), **record}, ensure_ascii=False)
        )
    files.write_text(path, "".join(f"{line}\n" for line in lines))


def unsupported(sentences: Sequence[Sentence], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent: tokens with white space."""
    return [
        Finding(str(path), f"record {i}", f"tokens[{j}]", repr(token), "no white space in a token of a text")
        for i, sentence in enumerate(sentences)
        for j, token in enumerate(sentence.tokens)
        if token.split() != [token]
    ]


def _record(line: str) -> Any:
    """The value of a line; raises WrongShapeError if it is no JSON."""
    try:
        return json_records.loads(line)
    except json.JSONDecodeError as error:
        field, problem = f"column {error.colno}", error.msg
    except (ValueError, RecursionError) as error:
        field, problem = "line", str(error)
    raise json_records.WrongShapeError(field, shortened(line), f"JSON of a document ({problem})")


class _Document:
    """The sentences of a record, and what was found wrong or left out.

    Attributes:
      sentences: in the order of the text.
      findings: about all of them.
      whole: of each different entity, whether it is whole tokens.
    """

    def __init__(self, record: Any, file: str, place: str, tokenization: str) -> None:
        """Reads a record; raises WrongShapeError."""
        if not isinstance(record, dict):
            raise json_records.WrongShapeError(
                "document", record, "an object with text, entities and relations"
            )
        self._file, self._place = file, place
        self._text = json_records.check_text(record.get("text"), "text")
        self._id = json_records.check_id(record.get("id"), "id")
        self._entities = json_records.entities(record)
        self._quotes = [item.get("text") for item in record["entities"]]
        relations = json_records.relations(record)
        self.findings: list[Finding] = []
        self._spans: dict[tuple[int, int, str], bool] = {}

        split_text = list(split(self._text, tokenization))
        self._tokens = [token for tokens in split_text for token in tokens]
        self._starts = [0]  # of the sentences, in tokens
        for tokens in split_text:
            self._starts.append(self._starts[-1] + len(tokens))
        self._places: dict[int, tuple[int, int]] = {}  # of entities: the sentence, and the index in it
        entities: list[list[EntitySpan]] = [[] for _ in split_text]
        pairs: list[list[RelationPair]] = [[] for _ in split_text]
        for i, entity in enumerate(self._entities):
            if span := self._token_span(i):
                number = self._number(span[0])
                first = self._starts[number]
                self._places[i] = number, len(entities[number])
                entities[number].append(EntitySpan(span[0] - first, span[1] - first, entity.type))
        for i, relation in enumerate(relations):
            if self._is_in_a_sentence(i, relation):
                (number, head), (_, tail) = self._places[relation.head], self._places[relation.tail]
                pairs[number].append(RelationPair(head, tail, relation.type))
        self.sentences = [
            Sentence(
                tuple(token.text for token in tokens),
                tuple(entities[number]),
                tuple(pairs[number]),
                f"{self._id}:{number + 1}" if self._id and len(split_text) > 1 else self._id,
            )
            for number, tokens in enumerate(split_text)
        ]
        self.whole = list(self._spans.values())
        for number, sentence in enumerate(self.sentences, 1):
            self.findings += check_sentence(sentence, file, f"{place} (sentence {number})")

    def _token_span(self, index: int) -> tuple[int, int] | None:
        """The tokens of an entity, which are of one sentence, or None if it is reported."""
        entity, field = self._entities[index], f"entities[{index}]"
        start, end = entity.start, entity.end
        if not 0 <= start < end <= len(self._text):
            expected = f"places from 0 to {len(self._text)}, the start before the end"
            self._lose(field, shortened(f"{start} to {end}"), expected, "outside of the text")
            return None
        covered, quoted = self._text[start:end], self._quotes[index]
        if quoted is not None and quoted != covered:
            expected = f"the text at {start} to {end}, {shortened(covered)!r}"
            self._lose(f"{field}.text", repr(shortened(str(quoted))), expected, "unlike its text")
            return None
        span = token_span(self._tokens, start, end)
        if span is None:
            self._lose(field, repr(shortened(covered)), "more than white space", "blank")
            return None
        number = self._number(span[0])
        if span[1] > self._starts[number + 1]:
            expected = "an entity inside a sentence"
            self._lose(field, repr(shortened(covered)), expected, "across the end of a sentence", "warning")
            return None
        exact = is_exact(self._tokens, span, start, end)
        self._spans[start, end, entity.type] = exact
        if not exact:
            begin, after = self._tokens[span[0]].start, self._tokens[span[1] - 1].end
            action = f"changed to {shortened(self._text[begin:after])!r}"
            expected = whole_tokens(self._text, start, end)
            self._find(field, repr(shortened(covered)), expected, action, "warning")
        return span

    def _is_in_a_sentence(self, index: int, relation: RelationPair) -> bool:
        """Whether a sentence has both entities of a relation; else it is reported."""
        field, ends, count = f"relations[{index}]", (relation.head, relation.tail), len(self._entities)
        if not all(0 <= end < count for end in ends):
            expected = f"indexes of the {count} entities, from 0"
            self._lose(field, shortened(" to ".join(map(str, ends))), expected, "of an unknown entity")
            return False
        value = f"{shortened(relation.type)!r} of entities[{relation.head}] and entities[{relation.tail}]"
        for end in ends:
            if end not in self._places:
                expected = f"entities that are read, unlike entities[{end}]"
                self._lose(field, value, expected, "of a lost entity", "warning")
                return False
        if self._places[relation.head][0] != self._places[relation.tail][0]:
            self._lose(field, value, "entities of one sentence", "between two sentences", "warning")
            return False
        return True

    def _number(self, token: int) -> int:
        """Of the sentence of a token."""
        return bisect.bisect_right(self._starts, token) - 1

    def _lose(self, field: str, value: str, expected: str, reason: str, kind: Any = "problem") -> None:
        is_entity = field.startswith("entities")
        loss = Loss(reason, entities=int(is_entity), relations=int(not is_entity))
        self._find(field, value, expected, "left out", kind, loss)

    def _find(
        self, field: str, value: str, expected: str, action: str, kind: Any, loss: Loss | None = None
    ) -> None:
        self.findings.append(Finding(self._file, self._place, field, value, expected, action, kind, loss))
