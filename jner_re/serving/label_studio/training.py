"""Training on what was annotated in Label Studio, in processes of its own."""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
import pathlib
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from jner_re import files
from jner_re.corpora import documents, formats, splits
from jner_re.errors import InputError
from jner_re.serving.label_studio.models import Models

logger = logging.getLogger(__name__)
_HELD_OUT = 0.1
_FEWEST = 10  # documents
_LOG = "log.txt"
_RESULT = "result.json"


class Trainings:
    """One training at a time, each in a folder of its own under `runs_dir`.

    A tenth of the annotated documents is held out. On it the new model is compared with the one that answers,
    whose place it takes if the average of both F1 (strict, micro, from raw text) is not less.
    """

    def __init__(self, models: Models, runs_dir: pathlib.Path, training_flags: Sequence[str]) -> None:
        """Begins nothing yet.

        Args:
          models: the one that answers.
          runs_dir: where folders are made.
          training_flags: of `train`.
        """
        self._models, self._runs_dir, self._flags = models, runs_dir, list(training_flags)
        self._running, self._starting = threading.Lock(), threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False
        self._state: dict[str, Any] = {"state": "none yet"}
        self._folder: pathlib.Path | None = None

    def status(self) -> dict[str, Any]:
        """Where the newest training stands: "state", and the last line of its log while it runs."""
        state = dict(self._state)
        if state["state"] == "running" and self._folder is not None:
            with contextlib.suppress(InputError):
                lines = [line for line in files.read_text(self._folder / _LOG).splitlines() if line.strip()]
                state["log"] = lines[-1] if lines else ""
        return state

    def begin(self, export: Callable[[], Any]) -> bool:
        """Begins one in a thread.

        Args:
          export: gives Label Studio's JSON; raises InputError.

        Returns:
          Whether it did: not while another one runs.
        """
        if not self._running.acquire(blocking=False):
            return False
        self._state = {"state": "running"}
        threading.Thread(target=self._train, args=[export], daemon=True).start()
        return True

    def stop(self) -> None:
        """Ends what runs."""
        with self._starting:
            self._ended = True
            if self._process is not None:
                self._process.terminate()

    def _train(self, export: Callable[[], Any]) -> None:
        try:
            self._state = self._trained(export)
        except InputError as error:
            self._state = {"state": "failed", "reason": str(error)}
        except Exception as error:
            logger.exception("training")
            self._state = {"state": "failed", "reason": f"{type(error).__name__}: {error}"}
        finally:
            self._running.release()
        logger.info("training: %s", json.dumps(self._state, ensure_ascii=False))

    def _trained(self, export: Callable[[], Any]) -> dict[str, Any]:
        folder = self._folder = self._new_folder()
        files.write_text(folder / "tasks.json", json.dumps(export(), ensure_ascii=False))
        counts = self._split(folder)
        logger.info("training on %s documents, %s held out: %s", *counts, folder)
        model, dev = folder / "model", folder / "data" / "dev.jsonl"
        self._run(folder, "train", *self._flags, f"--data_dir={folder / 'data'}", f"--model_dir={model}")
        new = self._score(folder, model, dev, "new")
        answering = self._models.current
        old = None if answering is None else self._score(folder, answering.folder, dev, "old")
        taken = old is None or new >= old
        if taken:
            self._models.replace(model)
        result = {
            "state": "finished",
            "trained_on": counts[0],
            "held_out": counts[1],
            "f1": round(new, 4),
            "f1_of_the_model_before": None if old is None else round(old, 4),
            "answers_now": taken,
            "folder": str(folder),
        }
        files.write_text(folder / _RESULT, json.dumps(result, indent=1) + "\n")
        return result

    def _new_folder(self) -> pathlib.Path:
        name = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d-%H%M%S-%f")
        folder = self._runs_dir / name
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise InputError(f"{folder}: can't be made: {error.strerror}") from None
        return folder

    def _split(self, folder: pathlib.Path) -> tuple[int, int]:
        """Writes the data directory; the numbers of documents to train on and held out."""
        everything = folder / "documents.jsonl"
        flags = ("--corpus_format=label_studio", "--output_format=documents", "--drop_invalid")
        self._run(
            folder,
            "corpus",
            "--action=convert",
            f"--input={folder / 'tasks.json'}",
            f"--output={everything}",
            *flags,
        )
        corpus = formats.load(everything, "documents")
        found = corpus.documents or []
        if len(found) < _FEWEST:
            raise InputError(f"{len(found)} annotated documents, expected at least {_FEWEST} to train on")
        _, held = splits.hold_out(corpus.sentences, _HELD_OUT, 0)
        keys = {sentence.document for sentence in held}
        for name, is_held in (("train", False), ("dev", True)):
            part = [d for d, key in zip(found, corpus.document_keys, strict=True) if (key in keys) == is_held]
            documents.write(part, folder / "data" / f"{name}.jsonl")
        count = sum(key in keys for key in corpus.document_keys)
        return len(found) - count, count

    def _score(self, folder: pathlib.Path, model: pathlib.Path, dev: pathlib.Path, name: str) -> float:
        """The average of both F1."""
        output = folder / f"{name}.json"
        self._run(folder, "evaluate", f"--model={model}", f"--corpus={dev}", f"--output={output}")
        report = files.read_json(output)
        return sum(report[task]["strict"]["micro"]["f1"] for task in ("ner", "re")) / 2

    def _run(self, folder: pathlib.Path, program: str, *arguments: str) -> None:
        """Runs a program of the package; raises InputError with its last line if it fails."""
        command = [sys.executable, "-m", "jner_re.command", program, *arguments]
        with (folder / _LOG).open("ab") as log:
            with self._starting:
                if self._ended:
                    raise InputError("the server ended")
                self._process = process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
            code = process.wait()
        if code:
            lines = files.read_text(folder / _LOG).splitlines()
            last = next((line for line in reversed(lines) if line.strip()), "")
            raise InputError(f"{program} ended with exit code {code}: {last} (more in {folder / _LOG})")
