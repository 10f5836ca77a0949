"""The versions of a model that lie in a folder: the newest is served, and a newer one takes over."""

from __future__ import annotations

import dataclasses
import logging
import pathlib
import threading
import time
import weakref
from typing import Any

from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2

from jner_re.errors import InputError
from jner_re.extraction import about
from jner_re.extraction.in_process import SavedModel
from jner_re.extraction.precision import FLOAT32, check
from jner_re.extraction.version_folders import SAVED_MODEL, loadable
from jner_re.models.model_files import CONFIG
from jner_re.serving import warmup
from jner_re.serving.server import memory
from jner_re.serving.server.errors import invalid, not_found

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Version:
    """A version that is loaded.

    Attributes:
      number: its folder's name.
      model: what answers.
      signatures: its signature definitions as TensorFlow Serving's /metadata gives them, by name.
      about: what it says of itself (`jner_re.extraction.about`).
    """

    number: int
    model: SavedModel
    signatures: dict[str, Any]
    about: dict[str, Any]

    def input_of(self, signature: str) -> tuple[str, int]:
        """Name and rank of a signature's input.

        Raises:
          RequestError: there is no such signature.
        """
        inputs = self.signatures.get(signature, {}).get("inputs", {})
        if len(inputs) != 1:  # one that initializes has none
            raise invalid(f'signature_name is "{signature}", expected "serving_default" or "tokens"')
        ((name, described),) = inputs.items()
        return name, len(described["tensor_shape"]["dim"])


class Versions:
    """The model of a folder of numbered versions."""

    def __init__(self, base_path: pathlib.Path, name: str, precision: str = FLOAT32) -> None:
        """Loads the newest version.

        Args:
          base_path: folder of the versions.
          name: of the model.
          precision: in which it runs.

        Raises:
          InputError: there is none, it can't be loaded, or the processor lacks what the precision needs.
        """
        check(precision)
        self.name = name
        self._base_path, self._precision = base_path, precision
        self._failed: dict[int, tuple[int, str]] = {}  # time of change and reason
        self._loading: int | None = None
        self._stop = threading.Event()
        self._has_waste = False  # of a version that went, or failed
        number = self._newest()
        if number is None:
            expected = f"expected folders 1, 2, … with a {SAVED_MODEL}"
            raise InputError(f"{base_path}: has no version, {expected}{_hint(base_path)}")
        self._current = self._load(number)

    def find(self, number: int | None) -> Version:
        """The version that is served, which stays loaded as long as it is held.

        Args:
          number: asked for; None for any.

        Raises:
          RequestError: it is not that one.
        """
        current = self._current
        if number not in (None, current.number):
            raise not_found(f"version {number} of {self.name} is not served, expected {current.number}")
        return current

    def status(self, number: int | None) -> list[dict[str, Any]]:
        """The states of the versions, the newest first, as TensorFlow Serving gives them.

        Raises:
          RequestError: there is no version of that number.
        """
        failures, loading = dict(self._failed), self._loading  # `refresh`, in another thread, changes them
        states = {failed: ("END", "UNKNOWN", reason) for failed, (_, reason) in failures.items()}
        if loading is not None:
            states[loading] = ("LOADING", "OK", "")
        states[self._current.number] = ("AVAILABLE", "OK", "")
        if number is not None and number not in states:
            raise not_found(f"there is no version {number} of {self.name}")
        return [
            {
                "version": str(version),
                "state": state,
                "status": {"error_code": code, "error_message": reason},
            }
            for version, (state, code, reason) in sorted(states.items(), reverse=True)
            if number in (None, version)
        ]

    def watch(self, seconds: float) -> None:
        """Looks for versions that come and go every so many seconds, until `stop`; in a thread of its own."""
        while not self._stop.wait(seconds):
            try:
                self.refresh()
                if self._has_waste:
                    self._has_waste = False
                    memory.release()
            except Exception:  # whatever it is, the version that is there goes on
                logger.exception("%s: can't be read", self._base_path)

    def stop(self) -> None:
        """Ends `watch`."""
        self._stop.set()

    def refresh(self) -> None:
        """Serves the newest version if it is another one and can be loaded."""
        number = self._newest()
        if number is None or number == self._current.number:
            return
        changed = self._changed(number)  # what comes while it is loaded is a reason to load it again
        self._loading = number
        try:
            loaded = self._load(number)
            weakref.finalize(self._current.model, self._waste).atexit = False  # its last request may go on
            self._current = loaded
        except InputError as error:
            self._waste()
            self._failed[number] = (changed, str(error))
            logger.error("version %s is not served: %s", number, error)
        finally:
            self._loading = None

    def _waste(self) -> None:
        """What `watch` will free; in any thread."""
        self._has_waste = True

    def _newest(self) -> int | None:
        """The highest number, but for those that could not be loaded and have not changed."""
        try:
            there = loadable(self._base_path)
        except OSError:  # a folder that goes away meanwhile
            return None
        for number in [*self._failed]:
            if number not in there or self._failed[number][0] != self._changed(number):
                del self._failed[number]
        return max((number for number in there if number not in self._failed), default=None)

    def _changed(self, number: int) -> int:
        """When a version's files changed last, in ns; 0 if they go away meanwhile."""
        try:
            paths = (self._base_path / str(number)).rglob("*")
            return max((path.stat().st_mtime_ns for path in paths), default=0)
        except OSError:
            return 0

    def _load(self, number: int) -> Version:
        """Raises InputError, whatever is wrong with it."""
        folder = self._base_path / str(number)
        start = time.monotonic()
        model = SavedModel(folder, self._precision)
        try:
            version = Version(number, model, _signatures(folder), about.read(folder))
            warmup.replay(folder, model)
        except Exception as error:  # as in SavedModel; what its warm-up asks can be refused, too
            line = " ".join(str(error).split())
            raise InputError(f"{folder}: can't be warmed up: {line}") from None
        logger.info("version %s is loaded and warm after %.1f s", number, time.monotonic() - start)
        return version


def _hint(base_path: pathlib.Path) -> str:
    """What was meant, for what is given in place of a folder of versions."""
    folder = base_path.absolute()
    if (folder / SAVED_MODEL).is_file():
        return f"; it is one version: give the folder it is in, {folder.parent}"
    if (folder / CONFIG).is_file():
        return f"; it is a model directory: export it first, export.saved_model --model={base_path}"
    inner = sorted({path.parent.parent.name for path in folder.glob(f"*/*/{SAVED_MODEL}")})
    return f"; folders of versions in it: {', '.join(inner)}" if inner else ""


def _signatures(folder: pathlib.Path) -> dict[str, Any]:
    saved = saved_model_pb2.SavedModel.FromString((folder / SAVED_MODEL).read_bytes())
    return {
        # True asks for fields with default values too: protobuf 5 has renamed that argument.
        name: json_format.MessageToDict(definition, True, preserving_proto_field_name=True)
        for name, definition in saved.meta_graphs[0].signature_def.items()
    }
