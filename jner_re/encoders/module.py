"""Loading token encoders: names, folders, TF-Hub handles and the Hugging Face hub behind one interface."""

from __future__ import annotations

import functools
import os
import pathlib
import warnings
from collections.abc import Callable, Collection
from typing import Any

import tensorflow as tf
import tf_keras as keras

with warnings.catch_warnings():  # that tensorflow_hub uses pkg_resources asks nothing of the user
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
    import tensorflow_hub
    import tensorflow_text  # noqa: F401  (registers the ops that encoders use; imports tensorflow_hub)

from jner_re import files
from jner_re.assets import catalogue, download, hub, hub_snapshot
from jner_re.assets.hub import HubId, Snapshot
from jner_re.encoders import (
    architectures,
    checkpoint_config,
    checkpoint_source,
    folder_hash,
    graph_check,
    hub_v1,
    saved_encoder,
)
from jner_re.encoders.checkpoint_source import Origin
from jner_re.errors import InputError, without_secrets

_ELMO_OUTPUTS = ("word_emb", "lstm_outputs1", "lstm_outputs2")


class Encoder(tf.Module):
    """A frozen token encoder. Its SavedModel is loaded when it is first needed.

    Attributes:
      folder: of its SavedModel.
      num_layers: L.
      width: D.
      origin: where on the Hugging Face hub its checkpoint is from; None if it isn't.
    """

    origin: Origin | None = None

    def __init__(self, folder: pathlib.Path) -> None:
        """Reads encoder.json; a SavedModel without one is loaded at once.

        Args:
          folder: of a SavedModel with a signature `tokens` whose outputs are `layers` or google/elmo's.

        Raises:
          InputError: if encoder.json can't be read. As `load_now` if there is none.
        """
        super().__init__(name="encoder")
        self.folder = folder
        self._module: Any = None
        description = saved_encoder.read_description(folder)
        if isinstance(description.get("layers"), int) and isinstance(description.get("width"), int):
            self.num_layers, self.width = description["layers"], description["width"]
        else:
            self.num_layers, self.width = self.encode(tf.constant([["a"]]), tf.constant([1])).shape[2:]

    def load_now(self) -> None:
        """Loads the SavedModel if it isn't loaded yet.

        Raises:
          InputError: if it can't be loaded, has another signature, or its graph does more than compute.
        """
        if self._module is not None:
            return
        graph_check.check(self.folder)
        with tf.init_scope():  # also when first needed inside a graph
            try:
                folder = files.without_pattern(self.folder)
                module = (
                    hub_v1.Module(folder) if hub_v1.is_module(folder) else tensorflow_hub.load(str(folder))
                )
            except Exception as error:  # a damaged file can make TensorFlow raise almost anything
                raise InputError(
                    f"{self.folder}: can't be loaded as a SavedModel: {_line(error)}; if it is in the cache, "
                    "delete the folder, and it is made again"
                ) from None
        if "tokens" not in module.signatures:
            found = ", ".join(sorted(module.signatures)) or "none"
            raise InputError(f"{self.folder}: its signatures are {found}, expected 'tokens'")
        self._tokens = module.signatures["tokens"]
        outputs = set(self._tokens.structured_outputs)
        self._is_elmo = "layers" not in outputs
        if self._is_elmo and not outputs.issuperset(_ELMO_OUTPUTS):
            raise InputError(
                f"{self.folder}: signature 'tokens' has the outputs {', '.join(sorted(outputs))}, expected "
                f"'layers', or {', '.join(_ELMO_OUTPUTS)}"
            )
        self._module = module

    def encode(self, tokens: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """Every layer's vectors of words.

        Works eagerly, in a tf.function, and on the symbolic tensors of a Keras functional model.

        Args:
          tokens: string [B, T]; what is past a sentence's length is ignored.
          lengths: int [B].

        Returns:
          float32 [B, T, L, D]; zeros past the length.

        Raises:
          InputError: as `load_now`.
        """
        self.load_now()
        if keras.backend.is_keras_tensor(tokens):
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
        encoder.json, so that two conversions of one checkpoint are equal. Loads nothing.
        """
        content = saved_encoder.read_description(self.folder).get("content")
        ignored = {"fingerprint.pb", saved_encoder.DESCRIPTION, *(["saved_model.pb"] if content else [])}
        return folder_hash.sha256(self.folder, ignored, str(content))


class _EncoderLayer(keras.layers.Layer):
    """An encoder as a node of a functional model."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(trainable=False, name="encoder")
        self._encoder = encoder

    def call(self, tokens: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        return self._encoder.encode(tokens, lengths)


def handles(encoder: str) -> tuple[str, ...]:
    """What `load` takes, of `ModelConfig.encoder`: several encoders are joined by commas.

    A folder's name may have commas too, if it is alone.

    Raises:
      InputError: if one of them is empty, or is there twice.
    """
    if not encoder or _is_folder(encoder):
        return (encoder,) if encoder else ()
    found = tuple(handle.strip() for handle in encoder.split(","))
    if "" in found or len(set(found)) < len(found):
        raise InputError(f"encoder is {encoder!r}, expected one encoder, or different ones joined by commas")
    return found


def load(handle: str, fine_tuning: bool = False, origin: Origin | None = None) -> Encoder:
    """Finds an encoder; its SavedModel is loaded when it is first needed.

    Args:
      handle: a name of the catalogue, which is fetched and converted once into the cache folder; else the
        folder of a SavedModel or of a checkpoint; a TF-Hub handle, which tensorflow_hub fetches into its own
        cache; or the id of a checkpoint of the Hugging Face hub, "owner/name" or "owner/name@revision".
        Checkpoints are converted once into the cache folder, too.
      fine_tuning: whether one that an older version converted into the cache is converted again if it lacks
        what fine-tuning needs.
      origin: of a model that was trained with the one of the hub: it is this commit's, whatever the revision
        is now.

    Raises:
      InputError: if there is no such encoder, it can't be fetched, or it isn't one.
    """
    if handle in checkpoint_source.catalogue_names():  # also where a file or folder has that name
        pinned = {file.sha256 for file in catalogue.find(handle).files if file.sha256}
        return Encoder(_converted(handle, handle, lambda: catalogue.fetch(handle), pinned, fine_tuning))
    folder, id = files.user_path(handle), hub.parse(handle)
    if id and origin:
        return _of_hub(handle, HubId(id.repository, origin.commit), fine_tuning, origin)
    if _is_folder(handle):
        if (folder / "saved_model.pb").exists() or (folder / "saved_model.pbtxt").exists():
            return Encoder(folder)
        if (folder / checkpoint_config.CONFIG).is_file() or architectures.is_checkpoint(folder):
            return _of_folder(handle, folder, fine_tuning)
    if "://" in handle:
        try:
            return Encoder(pathlib.Path(tensorflow_hub.resolve(handle)))
        except (OSError, ValueError, tf.errors.OpError) as error:
            line = without_secrets(f"{handle}: can't be fetched: {_line(error)}")
            raise InputError(line) from None
    if id and not os.path.lexists(folder):
        return _of_hub(handle, id, fine_tuning)
    names = ", ".join(checkpoint_source.catalogue_names())
    raise InputError(
        f"encoder is {handle!r}, expected {names}, the folder of a SavedModel or of a checkpoint, an id of "
        "the Hugging Face hub (owner/name or owner/name@revision) or a TF-Hub handle"
    )


def _is_folder(name: str) -> bool:
    try:
        return files.user_path(name).is_dir()
    except OSError:  # too long for a path, or none of the user's
        return False


def _of_folder(handle: str, folder: pathlib.Path, fine_tuning: bool) -> Encoder:
    """Of a checkpoint's folder as it is now: another content is another encoder."""
    content = folder_hash.sha256_of(folder, checkpoint_source.files_of(folder), "")
    return Encoder(_converted(f"folders/{content[:16]}", handle, lambda: folder, (), fine_tuning))


def _of_hub(handle: str, id: HubId, fine_tuning: bool, origin: Origin | None = None) -> Encoder:
    """Of a checkpoint of the hub; one that is converted already, of a known commit, needs no network."""
    snapshot = None if origin else _snapshot(handle, id)
    commit = snapshot.commit if snapshot else id.revision

    def fetch() -> pathlib.Path:
        try:
            return checkpoint_source.fetch_snapshot(snapshot or _snapshot(handle, id))
        except InputError as error:
            raise InputError(f"encoder {handle!r}: {error}") from None

    path = f"hub/{id.repository.replace('/', '--')}/{commit}"
    encoder = Encoder(_converted(path, f"{id.repository}@{commit}", fetch, (), fine_tuning))
    sha256 = str(saved_encoder.read_description(encoder.folder).get("sha256"))
    if origin and origin.sha256 != sha256:
        raise InputError(
            f"encoder {handle!r}: the sha256 of its weights at commit {commit} is {sha256}, expected "
            f"{origin.sha256}, with which the model was trained"
        )
    encoder.origin = Origin(commit, sha256)
    return encoder


def _snapshot(handle: str, id: HubId) -> Snapshot:
    try:
        return hub_snapshot.find(id)
    except InputError as error:
        raise InputError(f"encoder {handle!r}: no such folder here, and of the hub: {error}") from None


def _converted(
    path: str,
    name: str,
    fetch: Callable[[], pathlib.Path],
    pinned: Collection[str],
    fine_tuning: bool,
) -> pathlib.Path:
    """The cached SavedModel of a checkpoint, made if need be.

    Args:
      path: among the encoders of the cache.
      name: to show.
      fetch: gives the checkpoint's folder.
      pinned: see `saved_encoder.is_current`.
      fine_tuning: see `load`.
    """
    parts = pathlib.PurePath("encoders", path)
    folder = download.cache_folder(*parts.parent.parts) / parts.name
    if not saved_encoder.is_current(folder, pinned, fine_tuning):
        with files.locked(folder.with_name(f".{folder.name}.lock")):
            files.remove_unfinished(folder.parent)
            if not saved_encoder.is_current(folder, pinned, fine_tuning):  # else another process was faster
                saved_encoder.convert(fetch(), folder, name)
    return folder


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
