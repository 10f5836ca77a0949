"""An extractor as a version of a SavedModel that TensorFlow Serving loads as it is."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile
from collections.abc import Iterator

import tensorflow as tf

from jner_re.errors import InputError
from jner_re.extractor import TEXT, TOKENS, Extractor


def write(extractor: Extractor, folder: pathlib.Path, min_score: float) -> None:
    """Writes a SavedModel with the signatures `serving_default` (`text`) and `tokens` (`tokens`).

    Args:
      extractor: what to write.
      folder: new.
      min_score: relations above it are given.
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
    tf.saved_model.save(module, str(folder), signatures={"serving_default": from_text, "tokens": from_tokens})


VERSION = "version"  # the name of the new version until it gets its number


@contextlib.contextmanager
def new_version(export_dir: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives an empty folder in which to write a version, as VERSION, and files that go beside the versions.

    At the end the files are moved to `export_dir`, but for those that are there already, since their user may
    have changed them; then the version is renamed to the next free number. A server that polls `export_dir`
    passes over names that are no numbers. After an error nothing is left.

    Raises:
      InputError: the folder can't be written to.
    """
    with contextlib.ExitStack() as undo:
        try:
            for path in reversed([path for path in (export_dir, *export_dir.parents) if not path.exists()]):
                path.mkdir()
                undo.callback(path.rmdir)
            with tempfile.TemporaryDirectory(dir=export_dir, prefix=".new-") as beside:
                folder = pathlib.Path(beside)
                yield folder
                for file in folder.iterdir():
                    if file.name != VERSION and not (export_dir / file.name).exists():
                        undo.callback((export_dir / file.name).unlink)
                        os.rename(file, export_dir / file.name)
                while not _renamed(folder / VERSION, export_dir / str(newest_version(export_dir) + 1)):
                    pass  # another export took the number
            undo.pop_all()
        except OSError as error:
            raise InputError(f"{export_dir}: can't be written: {error.strerror or error}") from None


def newest_version(export_dir: pathlib.Path) -> int:
    """The highest number of a version; 0 if there is none."""
    return max((int(path.name) for path in export_dir.iterdir() if path.name.isdecimal()), default=0)


def _renamed(new: pathlib.Path, version: pathlib.Path) -> bool:
    """Whether the number was free."""
    try:
        os.rename(new, version)  # fails where there is a folder: no version is empty
    except OSError:
        if version.exists():
            return False
        raise
    return True
