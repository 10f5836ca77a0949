"""Loading token encoders: TF-Hub handles, folders and names of the catalogue behind one interface."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import pathlib
from collections.abc import Iterator

import tensorflow as tf
import tensorflow_hub as hub
import tensorflow_text  # noqa: F401  (registers the ops that encoders use)

from jner_re.encoders import catalogue, checkpoint_source, download, saved_encoder
from jner_re.encoders.checkpoint import WEIGHTS
from jner_re.errors import InputError

_ELMO_OUTPUTS = ("word_emb", "lstm_outputs1", "lstm_outputs2")


class Encoder(tf.Module):
    """A frozen token encoder.

    Attributes:
      folder: of its SavedModel.
      num_layers: L.
      width: D.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        """Loads a SavedModel.

        Args:
          folder: with a signature `tokens` whose output is `layers`, or google/elmo's outputs.

        Raises:
          InputError: if it can't be loaded or has another signature.
        """
        super().__init__(name="encoder")
        self.folder = folder
        try:
            self._module = hub.load(str(folder))
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise InputError(f"{folder}: can't be loaded as a SavedModel: {_line(error)}") from None
        if "tokens" not in self._module.signatures:
            found = ", ".join(sorted(self._module.signatures)) or "none"
            raise InputError(f"{folder}: its signatures are {found}, expected 'tokens'")
        self._tokens = self._module.signatures["tokens"]
        outputs = set(self._tokens.structured_outputs)
        self._is_elmo = "layers" not in outputs
        if self._is_elmo and not outputs.issuperset(_ELMO_OUTPUTS):
            raise InputError(
                f"{folder}: signature 'tokens' has the outputs {', '.join(sorted(outputs))}, expected "
                f"'layers', or {', '.join(_ELMO_OUTPUTS)}"
            )
        self.num_layers, self.width = self.encode(tf.constant([["a"]]), tf.constant([1])).shape[2:]

    def encode(self, tokens: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """Every layer's vectors of words.

        Works eagerly, in a tf.function, and on the symbolic tensors of a Keras functional model.

        Args:
          tokens: string [B, T]; what is past a sentence's length is ignored.
          lengths: int [B].

        Returns:
          float32 [B, T, L, D]; zeros past the length.
        """
        if tf.keras.backend.is_keras_tensor(tokens):
            return _EncoderLayer(self)(tokens, lengths)
        outputs = self._tokens(
            tokens=tf.convert_to_tensor(tokens, tf.string), sequence_len=tf.cast(lengths, tf.int32)
        )
        return self._join_elmo(outputs, tokens, lengths) if self._is_elmo else outputs["layers"]

    def _join_elmo(self, outputs: dict[str, tf.Tensor], tokens: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """google/elmo's three outputs as layers: `word_emb` is half as wide and joined with itself."""
        words, first, second = (outputs[name] for name in _ELMO_OUTPUTS)
        layers = tf.stack([tf.concat([words, words], -1), first, second], axis=2)
        mask = tf.sequence_mask(lengths, tf.shape(tokens)[1])
        return tf.where(mask[:, :, tf.newaxis, tf.newaxis], layers, 0.0)

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what the encoder consists of: equal only if it gives equal vectors.

        Hashes the files of the SavedModel; in the package's own, saved_model.pb by its hash of content in
        encoder.json, so that two conversions of one checkpoint are equal.
        """
        content = saved_encoder.read_description(self.folder).get("content")
        ignored = {"fingerprint.pb", saved_encoder.DESCRIPTION, *(["saved_model.pb"] if content else [])}
        digest = hashlib.sha256(str(content).encode())
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.name not in ignored:
                digest.update(f"{path.relative_to(self.folder)} {download.sha256_of(path)}\n".encode())
        return digest.hexdigest()


class _EncoderLayer(tf.keras.layers.Layer):
    """An encoder as a node of a functional model."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(trainable=False, name="encoder")
        self._encoder = encoder

    def call(self, tokens: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        return self._encoder.encode(tokens, lengths)


def load(handle: str) -> Encoder:
    """Loads an encoder.

    Args:
      handle: a name of the catalogue, which is fetched and converted once into the cache folder; the folder
        of a SavedModel; or a TF-Hub handle, which tensorflow_hub fetches into its own cache.

    Raises:
      InputError: if there is no such encoder, it can't be fetched, or it isn't one.
    """
    folder = pathlib.Path(handle).expanduser()
    if (folder / "saved_model.pb").exists() or (folder / "saved_model.pbtxt").exists():
        return Encoder(folder)
    if (folder / WEIGHTS).exists():
        raise InputError(f"{handle}: is a checkpoint; make an encoder of it with python -m export.encoder")
    if "://" in handle:
        try:
            return Encoder(pathlib.Path(hub.resolve(handle)))
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise InputError(f"{handle}: can't be fetched: {_line(error)}") from None
    if handle not in checkpoint_source.catalogue_names():
        names = ", ".join(checkpoint_source.catalogue_names())
        raise InputError(
            f"encoder is {handle!r}, expected {names}, the folder of a SavedModel or a TF-Hub handle"
        )
    return Encoder(_converted(handle))


def _converted(name: str) -> pathlib.Path:
    """The cached SavedModel of a checkpoint of the catalogue, made if need be."""
    folder = download.cache_dir() / "encoders" / name
    sums = {file.name: file.sha256 for file in catalogue.find(name).files}
    with _locked(folder):
        if not saved_encoder.is_current(folder, sums[WEIGHTS]):
            saved_encoder.convert(catalogue.fetch(name), folder, name)
    return folder


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    """Keeps other processes from converting to the same folder."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = (folder.parent / f".{folder.name}.lock").open("w")
    except OSError as error:
        raise InputError(f"{folder.parent}: can't be written: {error.strerror}") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
