"""Asks an exported model through TensorFlow's C API, without Python's TensorFlow.

  python -m benchmarks.serving.c_api SAVED_MODEL REQUESTS.json OUT.json

The model is loaded as TensorFlow Serving loads it, by the C++ loader of SavedModels with tag `serve` and with
no ops but TensorFlow's and those of TensorFlow Text that TensorFlow Serving links. The libraries are those of
the wheels that are installed for this Python. A model can be asked in several threads.

REQUESTS.json is {"text": [text, …], "tokens": [[token, …], …]}; either may be missing. OUT.json gets
{"version": …, "text": rows, "tokens": rows}, the rows as TensorFlow Serving's REST API gives them,
{output: padded list}. An error of TensorFlow is written to stderr, with exit status 1.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import json
import math
import os
import pathlib
import sys
from collections.abc import Iterator, Sequence
from ctypes import POINTER, c_char_p, c_float, c_int, c_int32, c_int64, c_size_t, c_void_p
from typing import Any

from benchmarks.serving.wire_format import fields, mapping, only

_SIGNATURES = {"text": "serving_default", "tokens": "tokens"}  # by the name of their input
_NOT_SERVED = ("_trimmer_ops.so", "_utf8_binarize_op.so")  # of TensorFlow Text; test_ops.py says more
_STRING, _INT32 = 7, 3  # TF_DataType
_NUMBERS = {1: c_float, _INT32: c_int32, 9: c_int64}
_STRING_SIZE = 24  # of a TF_TString


class _Buffer(ctypes.Structure):
    _fields_ = (("data", c_void_p), ("length", c_size_t), ("deallocator", c_void_p))


class _Output(ctypes.Structure):
    """The TF_Output of an operation."""

    _fields_ = (("operation", c_void_p), ("index", c_int))


# Result and arguments. Pointers to TensorFlow's types are void pointers; untyped they'd be cut to an int.
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "TF_Version": (c_char_p, []),
    "TF_NewStatus": (c_void_p, []),
    "TF_DeleteStatus": (None, [c_void_p]),
    "TF_GetCode": (c_int, [c_void_p]),
    "TF_Message": (c_char_p, [c_void_p]),
    "TF_LoadLibrary": (c_void_p, [c_char_p, c_void_p]),
    "TF_GetAllOpList": (POINTER(_Buffer), []),
    "TF_GetRegisteredKernelsForOp": (POINTER(_Buffer), [c_char_p, c_void_p]),
    "TF_NewBuffer": (POINTER(_Buffer), []),
    "TF_NewGraph": (c_void_p, []),
    "TF_NewSessionOptions": (c_void_p, []),
    "TF_LoadSessionFromSavedModel": (
        c_void_p,
        [c_void_p, c_void_p, c_char_p, POINTER(c_char_p), c_int, c_void_p, POINTER(_Buffer), c_void_p],
    ),
    "TF_GraphOperationByName": (c_void_p, [c_void_p, c_char_p]),
    "TF_AllocateTensor": (c_void_p, [c_int, POINTER(c_int64), c_int, c_size_t]),
    "TF_DeleteTensor": (None, [c_void_p]),
    "TF_TensorType": (c_int, [c_void_p]),
    "TF_NumDims": (c_int, [c_void_p]),
    "TF_Dim": (c_int64, [c_void_p, c_int]),
    "TF_TensorData": (c_void_p, [c_void_p]),
    "TF_StringInit": (None, [c_void_p]),
    "TF_StringCopy": (None, [c_void_p, c_char_p, c_size_t]),
    "TF_StringDealloc": (None, [c_void_p]),
    "TF_StringGetDataPointer": (c_void_p, [c_void_p]),
    "TF_StringGetSize": (c_size_t, [c_void_p]),
    "TF_SessionRun": (
        None,
        [
            *(c_void_p, c_void_p),
            *(POINTER(_Output), POINTER(c_void_p), c_int),
            *(POINTER(_Output), POINTER(c_void_p), c_int),
            *(c_void_p, c_int, c_void_p, c_void_p),
        ],
    ),
}


class TensorFlowError(Exception):
    """What a TF_Status says."""


class TensorFlow:
    """The C API of the TensorFlow that is installed, which Python doesn't import."""

    def __init__(self) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read when the library is loaded
        folder = _folder("tensorflow")
        ctypes.CDLL(str(folder / "libtensorflow_framework.so.2"), ctypes.RTLD_GLOBAL)
        self.library = ctypes.CDLL(str(folder / "libtensorflow_cc.so.2"), ctypes.RTLD_GLOBAL)
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(self.library, name)
            function.restype, function.argtypes = result, arguments

    @property
    def version(self) -> str:
        return self.library.TF_Version().decode()

    def call(self, name: str, *arguments: Any) -> Any:
        """Calls a function whose last argument, left out here, is a TF_Status."""
        status = self.library.TF_NewStatus()
        try:
            result = getattr(self.library, name)(*arguments, status)
            if self.library.TF_GetCode(status):
                message = self.library.TF_Message(status).decode(errors="replace")
                raise TensorFlowError(f"{name}: {message}")
            return result
        finally:
            self.library.TF_DeleteStatus(status)

    def load_text_ops(self) -> None:
        """Loads the ops of TensorFlow Text that TensorFlow Serving has, and no others."""
        paths = sorted(_folder("tensorflow_text").glob("python/*/*.so"))
        if not paths:
            raise FileNotFoundError("tensorflow_text is installed without its libraries")
        for path in paths:
            if path.name not in _NOT_SERVED:
                self.call("TF_LoadLibrary", str(path).encode())

    def op_names(self) -> list[str]:
        """The ops that are registered."""
        ops = (value for _, value in fields(_content(self.library.TF_GetAllOpList())))
        return sorted(only(op, 1).decode() for op in ops)

    def devices(self, op: str) -> set[str]:
        """Those that an op has a kernel for."""
        kernels = _content(self.call("TF_GetRegisteredKernelsForOp", op.encode()))
        return {only(kernel, 2).decode() for _, kernel in fields(kernels)}


class SavedModel:
    """An exported model."""

    def __init__(self, tensorflow: TensorFlow, folder: str) -> None:
        self._tf, self._c = tensorflow, tensorflow.library
        self._graph = self._c.TF_NewGraph()
        meta_graph, options = self._c.TF_NewBuffer(), self._c.TF_NewSessionOptions()
        tags = (c_char_p * 1)(b"serve")
        self._session = tensorflow.call(
            "TF_LoadSessionFromSavedModel", options, None, folder.encode(), tags, 1, self._graph, meta_graph
        )
        # MetaGraphDef.signature_def: a map from a signature's name to SignatureDef
        self._signatures = mapping(_content(meta_graph), 5)

    def run(self, signature: str, batch: Sequence[Any]) -> list[dict[str, list[Any]]]:
        """The rows that a signature with one input, a string tensor, answers.

        Args:
          signature: its name.
          batch: B texts, or B lists of T tokens.

        Raises:
          TensorFlowError: it is refused.
        """
        if batch and isinstance(batch[0], (str, bytes)):
            columns = self.ask(signature, [len(batch)], batch)
        else:
            shape = [len(batch), len(batch[0]) if batch else 0]
            columns = self.ask(signature, shape, [token for row in batch for token in row])
        return [{name: rows[i] for name, rows in columns.items()} for i in range(len(batch))]

    def ask(
        self, signature: str, shape: Sequence[int], values: Sequence[str | bytes] | None
    ) -> dict[str, Any]:
        """The outputs of a signature, whatever its input is to be.

        Args:
          signature: its name.
          shape: of the input.
          values: as many strings; None for an input of int32 zeros.

        Raises:
          TensorFlowError: it is refused.
        """
        definition = self._signatures[signature]
        (fed,) = mapping(definition, 1).values()  # SignatureDef.inputs
        fetched = mapping(definition, 2)  # SignatureDef.outputs
        tensors = (c_void_p * len(fetched))()
        with self._tensor(shape, values) as tensor:
            self._tf.call(
                "TF_SessionRun", self._session, None,
                (_Output * 1)(self._output(fed)), (c_void_p * 1)(tensor), 1,
                (_Output * len(fetched))(*map(self._output, fetched.values())), tensors, len(fetched),
                None, 0, None,
            )  # fmt: skip
        try:
            return dict(zip(fetched, map(self._rows, tensors), strict=True))
        finally:
            for found in tensors:
                self._c.TF_DeleteTensor(found)

    def _output(self, tensor_info: bytes) -> _Output:
        """What a TensorInfo of a signature names, such as `StatefulPartitionedCall:3`."""
        name, index = only(tensor_info, 1).decode().rsplit(":", 1)
        operation = self._c.TF_GraphOperationByName(self._graph, name.encode())
        if not operation:
            raise ValueError(f"the graph has no operation {name!r}, which its signature names")
        return _Output(operation, int(index))

    @contextlib.contextmanager
    def _tensor(self, shape: Sequence[int], values: Sequence[str | bytes] | None) -> Iterator[int]:
        """A tensor of strings, or of zeros, as long as it is used."""
        kind, size = (
            (_INT32, 4 * math.prod(shape)) if values is None else (_STRING, _STRING_SIZE * len(values))
        )
        tensor = self._c.TF_AllocateTensor(kind, (c_int64 * len(shape))(*shape), len(shape), size)
        begin = self._c.TF_TensorData(tensor)
        places = [] if values is None else [begin + i * _STRING_SIZE for i in range(len(values))]
        if values is None and size:
            ctypes.memset(begin, 0, size)
        for place, value in zip(places, values or (), strict=True):
            content = value.encode() if isinstance(value, str) else value
            self._c.TF_StringInit(place)
            self._c.TF_StringCopy(place, content, len(content))
        try:
            yield tensor
        finally:
            for place in places:
                self._c.TF_StringDealloc(place)
            self._c.TF_DeleteTensor(tensor)

    def _rows(self, tensor: int) -> list[list[Any]]:
        """The values of a tensor [B, N]."""
        if self._c.TF_NumDims(tensor) != 2:
            raise ValueError(f"an output has {self._c.TF_NumDims(tensor)} dimensions, expected 2")
        height, width = (self._c.TF_Dim(tensor, axis) for axis in range(2))
        kind, begin = self._c.TF_TensorType(tensor), self._c.TF_TensorData(tensor)
        values: list[Any] = []
        if height * width and kind == _STRING:
            values = [self._string(begin + i * _STRING_SIZE) for i in range(height * width)]
        elif height * width:
            values = list((_NUMBERS[kind] * (height * width)).from_address(begin))
        return [values[i * width : (i + 1) * width] for i in range(height)]

    def _string(self, place: int) -> str:
        size = self._c.TF_StringGetSize(place)
        return ctypes.string_at(self._c.TF_StringGetDataPointer(place), size).decode()


def _folder(package: str) -> pathlib.Path:
    """Where a package is, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"{package} is not installed")
    return pathlib.Path(spec.origin).parent


def _content(buffer: Any) -> bytes:
    return ctypes.string_at(buffer.contents.data, buffer.contents.length) if buffer.contents.length else b""


def padded(sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """Rows of one length."""
    longest = max(map(len, sentences), default=0)
    return [[*tokens, *[""] * (longest - len(tokens))] for tokens in sentences]


def main(folder: str, requests_path: str, out_path: str) -> None:
    requests = json.loads(pathlib.Path(requests_path).read_bytes())
    tensorflow = TensorFlow()
    tensorflow.load_text_ops()
    model = SavedModel(tensorflow, folder)
    answers: dict[str, Any] = {"version": tensorflow.version}
    for name, batch in requests.items():
        answers[name] = model.run(_SIGNATURES[name], batch if name == "text" else padded(batch))
    assert not {"tensorflow", "tensorflow_text"} & set(sys.modules), "Python's TensorFlow was imported"
    pathlib.Path(out_path).write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except TensorFlowError as error:
        sys.exit(f"error: {error}")
