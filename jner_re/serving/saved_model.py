"""An extractor as a version of a SavedModel that TensorFlow Serving loads as it is."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterator

import tensorflow as tf

from jner_re import files
from jner_re.errors import InputError
from jner_re.extraction.extractor import TEXT, TOKENS, Extractor

logger = logging.getLogger(__name__)

# The functions of gradients, which the BiRNNs have for training, would take a quarter of a second to load.
_OPTIONS = tf.saved_model.SaveOptions(experimental_custom_gradients=False)


def write(extractor: Extractor, folder: pathlib.Path, min_score: float) -> None:
    """Writes a SavedModel with the signatures `serving_default` (`text`) and `tokens` (`tokens`).

    Args:
      extractor: what to write.
      folder: new.
      min_score: relations above it are given.

    Raises:
      InputError: the folder can't be written to.
    """
    score = tf.constant(min_score, tf.float32)
    from_text = tf.function(
        lambda text: extractor.from_text(text, score), input_signature=[TEXT], autograph=False
    )
    from_tokens = tf.function(
        lambda tokens: extractor.from_tokens(tokens, score), input_signature=[TOKENS], autograph=False
    )
    module = tf.Module()
    module.extractor = extractor
    signatures = {"serving_default": from_text, "tokens": from_tokens}
    try:
        tf.saved_model.save(module, str(folder), signatures=signatures, options=_OPTIONS)
    except tf.errors.OpError as error:
        raise InputError(f"{folder}: can't be written: {files.short_message(error.message)}") from None


@dataclasses.dataclass
class NewVersion:
    """A version while it is written.

    Attributes:
      folder: to be made and filled; it gets its number at the end.
      beside: a folder for files that go beside the versions.
      path: of the version once it is there.
    """

    folder: pathlib.Path
    beside: pathlib.Path
    path: pathlib.Path | None = None


@contextlib.contextmanager
def new_version(export_dir: pathlib.Path) -> Iterator[NewVersion]:
    """Gives the places in which to write a version, and moves it into `export_dir` at the end.

    Files that go beside the versions are moved first, but for those that are there already, since their user
    may have changed them; then the version is renamed to the next free number. A server that polls
    `export_dir` passes over names that are no numbers. After an exception nothing is left.

    Raises:
      InputError: the folder can't be written to.
    """
    with contextlib.ExitStack() as undo:
        with _writing(export_dir):
            for path in reversed([path for path in (export_dir, *export_dir.parents) if not path.exists()]):
                path.mkdir(exist_ok=True)  # another export may make it meanwhile
                undo.callback(_quietly, path.rmdir)  # unless another export has used it
            temporary = tempfile.TemporaryDirectory(dir=export_dir, prefix=".new-")
            undo.push(temporary)
            beside = pathlib.Path(temporary.name, "beside")
            beside.mkdir()
        new = NewVersion(pathlib.Path(temporary.name, "version"), beside)
        yield new
        with _writing(export_dir):
            for file in beside.iterdir():
                target = export_dir / file.name
                if not target.exists():
                    os.rename(file, target)
                    undo.callback(_quietly, target.unlink)
                elif target.read_bytes() != file.read_bytes():
                    logger.warning("%s is kept; this export's would differ: remove it to have that", target)
            new.path = _numbered(new.folder, export_dir)
            undo.pop_all()
            temporary.cleanup()


@contextlib.contextmanager
def _writing(folder: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{folder}: can't be written: {error.strerror or error}") from None


def _quietly(undo: Callable[[], None]) -> None:
    with contextlib.suppress(OSError):
        undo()


def _numbered(new: pathlib.Path, export_dir: pathlib.Path) -> pathlib.Path:
    """Renames the version to the next number."""
    while True:
        taken = [int(path.name) for path in export_dir.iterdir() if path.name.isdecimal()]
        version = export_dir / str(max(taken, default=0) + 1)
        try:
            os.rename(new, version)  # fails where there is a folder: no version is empty
        except OSError:
            if not version.exists():
                raise
            continue  # another export took the number
        return version
