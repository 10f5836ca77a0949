"""What runs in every worker of `extract`: a model, loaded once, that turns shards into files."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import pathlib
import socket
from typing import Any

from jner_re import program
from jner_re.document import Document
from jner_re.errors import InputError
from jner_re.extraction import client
from jner_re.extraction.client import Client

from .. import answers
from . import part_files
from .shards import Shard

# A shard whose worker dies is tried so often: another program may have taken the memory, but a text that
# kills every worker must not do so for ever.
ATTEMPTS = 4


@dataclasses.dataclass(frozen=True)
class Task:
    """What is done with every shard.

    Attributes:
      model: a model directory or one version of an exported folder.
      output: folder of the parts.
      ending: of the parts, "jsonl" or "parquet".
      text_field: the field or column of the text.
      threshold: of relations; None for the model's.
      threads: of TensorFlow.
      batch_size: texts that are answered together.
      precision: of the model's graph.
    """

    model: str
    output: str
    ending: str
    text_field: str
    threshold: float | None
    threads: int
    batch_size: int
    precision: str

    def part(self, shard: Shard) -> pathlib.Path:
        """The file of the shard's answers."""
        return pathlib.Path(self.output) / f"{shard.name}.{self.ending}"

    def attempts(self, shard: Shard) -> pathlib.Path:
        """A file with a line for each attempt at the shard, the process's number; removed at the end."""
        return pathlib.Path(self.output) / f".{shard.name}.attempts"

    def progress(self, shard: Shard) -> pathlib.Path:
        """A file with the number of the shard's texts that are answered; removed at the end."""
        return pathlib.Path(self.output) / f".{shard.name}.progress"

    def begun(self) -> int:
        """The texts that are answered of shards that are worked on."""
        count = 0
        for path in pathlib.Path(self.output).glob(".part-*.progress"):
            with contextlib.suppress(OSError):  # it has just been removed
                count += int(path.read_text() or 0)
        return count


@dataclasses.dataclass
class Outcome:
    """What became of a shard.

    Attributes:
      name: of the part.
      texts: in it.
      refused: where and why, for each text that has an error in place of an answer.
      tokens: of the others.
      entities: likewise.
      relations: likewise.
      attempts: workers that began it; all but the last one died.
      problem: why there is no part, if so.
      fatal: whether no other shard will fare better.
      there: whether the part was there already: a worker that nobody could reach had made it.
    """

    name: str
    texts: int = 0
    refused: list[str] = dataclasses.field(default_factory=list)
    tokens: int = 0
    entities: int = 0
    relations: int = 0
    attempts: int = 1
    problem: str = ""
    fatal: bool = False
    there: bool = False


class PartWorker:
    """Writes a part for each shard that it is called with."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """The fields of the Outcome of a shard, given its fields."""
        shard = Shard(**row)
        try:
            part = self._task.part(shard)
            if part.exists():
                outcome = Outcome(shard.name, part_files.count(part), part_files.refused(part), there=True)
            elif (attempt := self._count_attempt(shard)) > ATTEMPTS:
                outcome = Outcome(shard.name, problem=f"its worker died {ATTEMPTS} times")
            else:
                outcome = self._write(shard, attempt)
        except InputError as error:
            outcome = Outcome(shard.name, problem=str(error), fatal=True)
        except Exception as error:  # of one shard; the others go on
            line = " ".join(str(error).split())
            outcome = Outcome(shard.name, problem=f"{type(error).__name__}: {line:.300}")
        return dataclasses.asdict(outcome)

    @functools.cached_property
    def _model(self) -> Client:
        program.import_tensorflow_quietly(self._task.threads)
        return client.load(self._task.model, self._task.precision)

    def _count_attempt(self, shard: Shard) -> int:
        output = pathlib.Path(self._task.output)
        try:
            with self._task.attempts(shard).open("a+") as file:
                file.seek(0)
                before = len(file.readlines())
                file.write(f"{os.getpid()}\n")
        except FileNotFoundError:
            where = f"{output}: is not there on {socket.gethostname()}"
            raise InputError(f"{where}, expected a folder that all machines share") from None
        except OSError as error:
            raise InputError(f"{output}: can't be written: {error.strerror}") from None
        return before + 1

    def _write(self, shard: Shard, attempt: int) -> Outcome:
        lines = part_files.read(shard, self._task.text_field)
        outcome, found = Outcome(shard.name, len(lines), attempts=attempt), []
        for begin in range(0, len(lines), self._task.batch_size):
            batch = lines[begin : begin + self._task.batch_size]
            found += answers.answers(self._model, batch, self._task.threshold)
            self._task.progress(shard).write_text(str(len(found)))
        for line, answer in zip(lines, found, strict=True):
            if isinstance(answer, Document):
                outcome.tokens += len(answer.tokens)
                outcome.entities += len(answer.entities)
                outcome.relations += len(answer.relations)
            else:
                outcome.refused.append(f"{line.place}: {answer}")
        part_files.write(self._task.part(shard), shard, self._task.text_field, lines, found)
        for path in (self._task.attempts(shard), self._task.progress(shard)):
            path.unlink(missing_ok=True)
        return outcome
