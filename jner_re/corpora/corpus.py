"""What a reader hands back: the sentences of a corpus and everything it found wrong or left out."""

from __future__ import annotations

import dataclasses
import logging
import pathlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from jner_re.document import Document
from jner_re.errors import InputError
from jner_re.schema import Problem, Sentence, find_problems

_LOGGER = logging.getLogger(__name__)

_QUOTED_IN_ERRORS = 3
_QUOTED_CHARACTERS = 60


@dataclasses.dataclass(frozen=True)
class Loss:
    """Annotation that stands in a corpus's files and is not in its sentences, for one reason.

    Attributes:
      reason: a few words that head a row of a table, e.g. "discontinuous".
      sentences: how many sentences were lost.
      entities: how many entities.
      relations: how many relations.
    """

    reason: str
    sentences: int = 0
    entities: int = 0
    relations: int = 0


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing in a corpus that its user must know of.

    Attributes:
      file: the file it is in.
      record: where in the file, e.g. "record 12" or "line 7 (T3)".
      field: what is concerned, e.g. "entities[2].end".
      value: what stands there, as text.
      expected: what was expected instead.
      action: what the reader did about it; "" if nothing.
      kind: "problem" is invalid annotation: no training until it is corrected or dropped; "warning" is
        annotation that the format has and `Sentence` does not, or that a documented rule changed; "note"
        changes nothing.
      loss: what was lost by it, or None.
    """

    file: str
    record: str
    field: str
    value: str
    expected: str
    action: str = ""
    kind: Literal["problem", "warning", "note"] = "problem"
    loss: Loss | None = None

    def __str__(self) -> str:
        done = f" ({self.action})" if self.action else ""
        return f"{self.file}: {self.record}: {self.field} is {self.value}, expected {self.expected}{done}"


class Look(NamedTuple):
    """What the lines of texts look like.

    Attributes:
      lines: a key of `PARAGRAPH_END`.
      reason: why, to be read by people.
    """

    lines: str
    reason: str


class Spans(NamedTuple):
    """Different entities of running text: how many are whole tokens, and how many in all."""

    whole: int
    all: int


@dataclasses.dataclass(frozen=True)
class Corpus:
    """The sentences of a corpus, as its files have them, and the findings about them.

    Attributes:
      sentences: in the order of the files.
      findings: about them, and about what is left out.
      spans: of the entities before overlaps go; None if the files have tokens.
      documents: of running text, as the files have them; None if the files have tokens.
      document_keys: of each document that is split, the `document` of its sentences.
      outside: of each such document the indexes of the entities that no sentence has.
      document_findings: the findings that are about documents, and not about their sentences.
      distances: how many relations of documents there are by their distance in sentences.
      look: what lines are if a look at the texts decided it.
    """

    sentences: list[Sentence]
    findings: list[Finding]
    spans: Spans | None = None
    documents: list[Document] | None = None
    document_keys: list[str] = dataclasses.field(default_factory=list)
    outside: list[frozenset[int]] = dataclasses.field(default_factory=list)
    document_findings: list[Finding] = dataclasses.field(default_factory=list)
    distances: Mapping[int, int] = dataclasses.field(default_factory=dict)
    look: Look | None = None

    @property
    def problems(self) -> list[Finding]:
        """The findings that make the corpus invalid."""
        return [finding for finding in self.findings if finding.kind == "problem"]

    @property
    def warnings(self) -> list[Finding]:
        """The findings about annotation that was dropped or changed by a documented rule."""
        return [finding for finding in self.findings if finding.kind == "warning"]

    @property
    def losses(self) -> list[Loss]:
        """What stands in the files and not in the sentences, one a reason."""
        return by_reason(finding.loss for finding in self.findings if finding.loss)

    def valid_sentences(self) -> list[Sentence]:
        """The sentences; raises InputError that quotes the first problems if there are any.

        The warnings are counted on standard error, so that no annotation is dropped silently.
        """
        raise_problems(self.problems)
        if self.warnings:
            _LOGGER.warning(
                "%s: %d warnings, the first: %s; jner-re corpus --action=validate lists them",
                self.warnings[0].file,
                len(self.warnings),
                self.warnings[0],
            )
        return self.sentences


def by_reason(losses: Iterable[Loss]) -> list[Loss]:
    """One loss a reason, in the order in which the reasons first occur; what counts nothing is left out."""
    total: dict[str, Loss] = {}
    for loss in losses:
        if not (loss.sentences or loss.entities or loss.relations):
            continue
        before = total.get(loss.reason, Loss(loss.reason))
        total[loss.reason] = Loss(
            loss.reason,
            before.sentences + loss.sentences,
            before.entities + loss.entities,
            before.relations + loss.relations,
        )
    return list(total.values())


def shortened(text: str) -> str:
    """A value as a message quotes it."""
    return text if len(text) <= _QUOTED_CHARACTERS else f"{text[: _QUOTED_CHARACTERS - 1]}…"


def raise_problems(problems: Sequence[Finding]) -> None:
    """Raises InputError that quotes the first problems, if there are any."""
    if problems:
        quoted = "; ".join(str(problem) for problem in problems[:_QUOTED_IN_ERRORS])
        more = len(problems) - _QUOTED_IN_ERRORS
        raise InputError(quoted + (f"; and {more} more problems" if more > 0 else ""))


def check_sentence(
    sentence: Sentence,
    file: pathlib.Path | str,
    record: str,
    rename: Callable[[str], str] = lambda field: field,
) -> list[Finding]:
    """The problems of one sentence under the model's conditions (`schema.find_problems`).

    Args:
      sentence: the sentence as the file has it.
      file: quoted in the findings.
      record: quoted in the findings.
      rename: turns a field such as "entities[2]" into the file's own name for it.
    """
    findings = []
    for problem in find_problems(sentence):
        expected = _FIELD.sub(lambda match: rename(match.group()), problem.expected)
        field = _FIELD.sub(lambda match: rename(match.group()), problem.field)
        findings.append(Finding(str(file), record, field, problem.value, expected))
    return findings


_FIELD = re.compile(r"(?:tokens|entities|relations)\[\d+\]")


def check_corpus(sentences: Sequence[Sentence], file: pathlib.Path, records: Iterable[str]) -> list[Finding]:
    """Findings about a whole corpus: no sentence at all, and ids that are used twice (which are kept).

    Args:
      sentences: all sentences that could be read.
      file: quoted in the findings.
      records: the place of each sentence.
    """
    if not sentences:
        return [Finding(str(file), "whole file", "sentences", "none", "at least one sentence")]
    findings = []
    first: dict[str, str] = {}
    told: set[str] = set()  # documents, once each
    for sentence, record in zip(sentences, records, strict=True):
        if sentence.id and sentence.id in first and not (sentence.document and sentence.document in told):
            told.add(sentence.document)
            expected = f"an id of its own (the same as {first[sentence.id]})"
            findings.append(Finding(str(file), record, "id", repr(sentence.id), expected, "kept", "note"))
        first.setdefault(sentence.id, record)
    return findings


def require_valid(sentences: Sequence[Sentence], path: pathlib.Path) -> None:
    """Raises InputError if there is no sentence, or for the first that is not valid; quotes `path`.

    Besides the model's conditions, every text must be Unicode text: no half of a surrogate pair.
    """
    if not sentences:
        raise InputError(f"{path}: not written: no sentences, expected at least one")
    for record, sentence in enumerate(sentences):
        problems = find_problems(sentence, record)
        types = [entity.type for entity in sentence.entities]
        types += [relation.type for relation in sentence.relations]
        texts = (*sentence.tokens, *types, sentence.id)
        problems += [
            Problem(record, "text", repr(text), "Unicode text") for text in texts if has_surrogate(text)
        ]
        if problems:
            raise InputError(f"{path}: not written: {problems[0]}")


def has_surrogate(text: str) -> bool:
    """Whether a text has half of a surrogate pair, which JSON can express and UTF-8 cannot."""
    return any("\ud800" <= character <= "\udfff" for character in text)
