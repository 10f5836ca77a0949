"""An encoder's layers of sentences on disk: one writer at a time appends, any number of readers map them.

A store is a folder:

  about.json       format, fingerprint of the encoder, `layers` (L) and `width` (D); written first
  layers.float16   [tokens, L, D], little-endian; only ever appended to: what was written is never moved
  index            a record of 32 bytes for each sentence, little-endian: 16 bytes of the SHA-256 of its
                   tokens, its first token in layers.float16 (8 bytes), its number of tokens (4), and a CRC-32
                   (4) of these and of what about.json says
  lock             held by the one who writes

Records are written once the layers that they tell of have reached the disk. Whatever is killed leaves at
most layers that no record tells of, or a torn record, whose CRC is wrong: neither is ever read.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import pathlib
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from jner_re import files
from jner_re.errors import InputError

_LOGGER = logging.getLogger(__name__)

_FORMAT = 2  # raise it when what is written changes; stores of other formats have other folders
_FIELDS = struct.Struct("<16sQI")
_CHECKSUM = struct.Struct("<I")
_RECORD_BYTES = _FIELDS.size + _CHECKSUM.size
_DTYPE = np.dtype("<f2")

Shape = tuple[int, int]  # L, D
Span = tuple[int, int]  # first token and number of tokens in layers.float16


def sentence_key(tokens: Sequence[str]) -> bytes:
    """What a sentence is known by: 16 bytes that only its tokens and their order decide."""
    return hashlib.sha256(json.dumps(list(tokens)).encode()).digest()[:16]


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """What a store held at one moment; it stays readable while others write.

    Attributes:
      spans: where each sentence's layers are.
      layers: float16 [tokens, L, D], memory-mapped.
    """

    spans: Mapping[bytes, Span]
    layers: np.ndarray


class LayerStore:
    """The store of one encoder.

    Attributes:
      folder: of the store, named by a hash of its format and the encoder.
    """

    def __init__(self, folder: pathlib.Path, fingerprint: str) -> None:
        """Neither reads nor writes anything.

        Args:
          folder: where stores are kept.
          fingerprint: of the encoder.
        """
        self._fingerprint = fingerprint
        self.folder = folder / hashlib.sha256(f"{_FORMAT}\n{fingerprint}".encode()).hexdigest()[:32]
        self._about = self.folder / "about.json"
        self._data = self.folder / "layers.float16"
        self._index = self.folder / "index"

    def shape(self) -> Shape | None:
        """(L, D), or None if nobody has written to the store yet.

        Raises:
          InputError: if about.json is not of this store.
        """
        with _errors(self.folder, "read"):
            if not self._about.exists():
                return None
        about = files.read_json(self._about)
        layers, width = (about.get("layers"), about.get("width")) if isinstance(about, dict) else (0, 0)
        if type(layers) is int and type(width) is int:
            shape = (layers, width)
            if min(shape) > 0 and about == self._about_of(shape):
                return shape
        raise InputError(
            f"{self._about}: is {json.dumps(about)[:200]}, expected format {_FORMAT}, encoder "
            f"{self._fingerprint} and its numbers of layers and width; once {self.folder} is deleted, it is "
            "made anew"
        )

    def read(self) -> Snapshot | None:
        """What the store holds now, or None if nobody has written to it yet; needs no lock.

        Raises:
          InputError: if the store can't be read.
        """
        shape = self.shape()
        if shape is None:
            return None
        with _errors(self.folder, "read"), contextlib.ExitStack() as stack:
            # The layers before the index: a record that tells of more than them is not believed.
            try:
                data = stack.enter_context(self._data.open("rb"))
            except FileNotFoundError:
                return Snapshot({}, np.zeros((0, *shape), _DTYPE))
            tokens = os.fstat(data.fileno()).st_size // _token_bytes(shape)
            spans = _spans(self._good_records(shape, tokens))
            end = max((start + count for start, count in spans.values()), default=0)
            if end == 0:  # nothing can't be mapped
                return Snapshot({}, np.zeros((0, *shape), _DTYPE))
            return Snapshot(spans, np.asarray(np.memmap(data, _DTYPE, "r", shape=(end, *shape))))

    @contextlib.contextmanager
    def writer(self, shape: Callable[[], Shape]) -> Iterator[LayerWriter]:
        """Waits until nobody else writes; repairs or makes the store.

        Args:
          shape: gives (L, D) of a new store; not called otherwise.

        Raises:
          InputError: if the store can't be written or is of something else.
        """
        with files.locked(self.folder / "lock", self._say_waiting):
            files.remove_unfinished(self.folder)
            actual = self.shape() or self._make(shape())
            with contextlib.ExitStack() as stack:
                with _errors(self.folder, "written"):
                    data = stack.enter_context(self._data.open("ab"))
                    tokens = os.fstat(data.fileno()).st_size // _token_bytes(actual)
                    records = self._repair_index(actual, tokens)
                    index = stack.enter_context(self._index.open("ab"))
                yield LayerWriter(self, actual, data.fileno(), index.fileno(), _spans(records))

    def record(self, key: bytes, span: Span, shape: Shape) -> bytes:
        """The index's record of a sentence."""
        fields = _FIELDS.pack(key, *span)
        about = f"{self._fingerprint} {shape[0]} {shape[1]}".encode()
        return fields + _CHECKSUM.pack(zlib.crc32(fields, zlib.crc32(about)))

    def _about_of(self, shape: Shape) -> dict[str, object]:
        return {"format": _FORMAT, "encoder": self._fingerprint, "layers": shape[0], "width": shape[1]}

    def _make(self, shape: Shape) -> Shape:
        """Writes about.json; records that were written under another one are not believed."""
        files.write_text(self._about, json.dumps(self._about_of(shape), indent=2) + "\n")
        return shape

    def _repair_index(self, shape: Shape, tokens: int) -> list[bytes]:
        """Drops records that are torn, damaged or tell of layers that aren't there; returns the others.

        They have to go before anything is appended: layers appended later are not those they tell of.
        """
        records = self._good_records(shape, tokens)
        content = b"".join(records)
        if not self._index.exists() or self._index.read_bytes() != content:
            files.write_bytes(self._index, content)
        return records

    def _good_records(self, shape: Shape, tokens: int) -> list[bytes]:
        """The records whose CRC is right and whose layers are among the `tokens` first."""
        try:
            content = self._index.read_bytes()
        except FileNotFoundError:
            return []
        good = []
        for at in range(0, len(content) - _RECORD_BYTES + 1, _RECORD_BYTES):
            record = content[at : at + _RECORD_BYTES]
            key, start, count = _FIELDS.unpack_from(record)
            if start + count <= tokens and record == self.record(key, (start, count), shape):
                good.append(record)
        return good

    def _say_waiting(self) -> None:
        _LOGGER.info(f"{self.folder}: waiting for another program that encodes into it")


class LayerWriter:
    """Appends to a store; who has one holds the lock.

    Attributes:
      shape: (L, D).
      known: the sentences that the store has.
    """

    def __init__(
        self, store: LayerStore, shape: Shape, data: int, index: int, known: Mapping[bytes, Span]
    ) -> None:
        """Made by `LayerStore.writer`.

        Args:
          store: the store.
          shape: (L, D).
          data: file descriptor of layers.float16, open for appending.
          index: file descriptor of the index, open for appending.
          known: the sentences that the store has.
        """
        self.shape = shape
        self.known = dict(known)
        self._store = store
        self._data = data
        self._index = index

    def append(self, layers: Mapping[bytes, np.ndarray]) -> None:
        """Writes sentences and waits until they have reached the disk.

        Args:
          layers: float16 [T, L, D] by the sentence's key.

        Raises:
          InputError: if the disk is full or can't be written; what was appended before stays.
        """
        with _errors(self._store.folder, "written"):
            start = self._append_layers(list(layers.values()))
            spans = {}
            for key, array in layers.items():
                spans[key] = (start, len(array))
                start += len(array)
            _write(
                self._index, b"".join(self._store.record(k, span, self.shape) for k, span in spans.items())
            )
            os.fsync(self._index)
        self.known.update(spans)

    def _append_layers(self, arrays: Sequence[np.ndarray]) -> int:
        """Returns the first of the appended tokens."""
        content = np.concatenate(arrays).astype(_DTYPE, copy=False)
        start = os.fstat(self._data).st_size // _token_bytes(self.shape)
        end = start * _token_bytes(self.shape)
        try:
            os.ftruncate(self._data, end)  # a part of a token, which a killed writer left
            _write(self._data, content.tobytes())
            os.fsync(self._data)
        except BaseException:
            os.ftruncate(self._data, end)  # no record tells of it
            raise
        return start


def _spans(records: Sequence[bytes]) -> dict[bytes, Span]:
    fields = map(_FIELDS.unpack_from, records)
    return {key: (start, count) for key, start, count in fields}


def _token_bytes(shape: Shape) -> int:
    return shape[0] * shape[1] * _DTYPE.itemsize


def _write(file: int, content: bytes) -> None:
    """All of `content`: one call of the system may write less."""
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]


@contextlib.contextmanager
def _errors(folder: pathlib.Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{folder}: can't be {what}: {error.strerror or error}") from None
