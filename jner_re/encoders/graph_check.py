"""What the graph of a SavedModel may do: compute, and nothing else.

TensorFlow runs whatever a graph says. It has ops that read, write and delete files, ask servers, call Python
and end the process, and to load a SavedModel runs parts of it. One is therefore looked at before TensorFlow
gets it. Ops without a state of their own are allowed but for those that are known to reach outside; of ops
with a state those of variables, tables in memory, control flow, random numbers and tokenizers.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from google.protobuf import message, text_format
from tensorflow.core.protobuf import saved_model_pb2

from jner_re.errors import InputError

_BINARY, _TEXT, _CHUNKS = "saved_model.pb", "saved_model.pbtxt", "saved_model.cpb"
_SHOWN = 5  # names in a message

# Without a state of their own, by TensorFlow's register, and yet not of their inputs alone.
_REACHES_OUTSIDE = re.compile(
    "Dataset|Iterator|Reader|PyFunc|Debug|Rpc|Summary|Collective|Copy|DTensor|Xla|Tpu|TPU|Mlir|TfLite|"
    "Infeed|Outfeed|Prelinearize|(De|En)codeProto|Abort|ReadFile|MatchingFiles|ImmutableConst|VocabRemapping"
)
_ALLOWED_STATES = re.compile(
    "Assert|If|While|Case|StatefulPartitionedCall|GuaranteeConst|CheckNumerics(V2)?|DeviceIndex|Empty|"
    "IsTensorFloat32Enabled|DisableCopyOnRead|DestroyResourceOp|_Arg|_Retval|"
    "VarHandleOp|VarIsInitializedOp|VariableShape|Variable(V2)?|ReadVariableOp|Assign(Add|Sub)?VariableOp|"
    "ResourceGather(Nd)?|ResourceScatter.*|ResourceStridedSliceAssign|TemporaryVariable|"
    "(Anonymous)?(Mutable(Dense)?)?HashTable(OfTensors)?(V2)?|LookupTable(Find|Import|Export|Insert|Size|Remove)V2|"
    "InitializeTableV2|TensorArray.*|Stack(V2|PushV2|PopV2|CloseV2)?|CudnnRNN.*|"
    "Random.*|TruncatedNormal|ParameterizedTruncatedNormal|Multinomial|StatefulUniform.*|"
    "Stateful(StandardNormal(V2)?|TruncatedNormal|RandomBinomial)|Rng(ReadAnd)?Skip|StatelessRandomGetAlg|"
    "NonDeterministicInts|Sentencepiece.*|WordpieceTokenizeWithOffsets"
)
_QUEUES = re.compile("RandomShuffleQueue.*")
_WRITING = frozenset({"SaveV2", "MergeV2Checkpoints", "Save", "SaveSlices"})
_OF_CHECKPOINTS = _WRITING | {"RestoreV2", "Restore", "RestoreSlice"}
_OF_VOCABULARIES = ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2")
_INIT_COLLECTIONS = ("saved_model_main_op", "legacy_init_op")


def check(folder: pathlib.Path) -> None:
    """Looks at a SavedModel's graph; what can't be read is left to TensorFlow, which says why.

    Args:
      folder: with saved_model.pb or saved_model.pbtxt.

    Raises:
      InputError: it has ops that reach outside of the graph, or an asset outside of its folder.
    """
    if (folder / _CHUNKS).exists():  # which TensorFlow would take in place of saved_model.pb
        raise InputError(f"{folder}: has {_CHUNKS}, expected a SavedModel in one {_BINARY}")
    for meta_graph in _read(folder).meta_graphs:
        for asset in meta_graph.asset_file_def:
            path = pathlib.PurePosixPath(asset.filename)
            if path.is_absolute() or ".." in path.parts:
                raise InputError(
                    f"{folder}: the asset {asset.filename!r}, expected a file in its folder assets"
                )
        if found := sorted(set(_refused(meta_graph))):
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise InputError(
                f"{folder}: its graph has {', '.join(found[:_SHOWN])}{more}, expected ops that only compute: "
                "such a model could read or write files, or run other code"
            )


def _read(folder: pathlib.Path) -> Any:
    """The SavedModel; an empty one if it can't be read."""
    saved_model = saved_model_pb2.SavedModel()
    try:
        if (folder / _BINARY).exists():
            saved_model.ParseFromString((folder / _BINARY).read_bytes())
        elif (folder / _TEXT).exists():
            text_format.Parse((folder / _TEXT).read_text(encoding="utf-8"), saved_model)
    except (OSError, UnicodeDecodeError, message.DecodeError, text_format.ParseError):
        return saved_model_pb2.SavedModel()
    return saved_model


def _refused(meta_graph: Any) -> Iterator[str]:
    """The names of ops that are not allowed where they are."""
    graph = meta_graph.graph_def
    functions = {function.signature.name: function.node_def for function in graph.library.function}
    everything = [*graph.node, *(node for nodes in functions.values() for node in nodes)]
    ops = {node.op for node in everything}
    for op in ops - functions.keys():
        if op not in _OF_CHECKPOINTS and op not in _OF_VOCABULARIES and not _only_computes(op):
            yield op
    yield from _misplaced_checkpoints(meta_graph, functions)
    if not ops.isdisjoint(_OF_VOCABULARIES):
        yield from _other_files(meta_graph, functions)


def _only_computes(op: str) -> bool:
    from tensorflow.python.framework import op_def_registry  # of what is public, nothing tells this

    definition = op_def_registry.get(op)
    if definition is None:  # TensorFlow won't load it
        return False
    if definition.is_stateful:
        return _ALLOWED_STATES.fullmatch(op) is not None and not _QUEUES.fullmatch(op)
    return _REACHES_OUTSIDE.search(op) is None


def _misplaced_checkpoints(meta_graph: Any, functions: Mapping[str, Any]) -> Iterator[str]:
    """Ops that read or write variables' files, where it isn't TensorFlow's own saving and restoring."""
    saver, nodes = meta_graph.saver_def, meta_graph.graph_def.node
    signatures = meta_graph.signature_def.values()
    outputs = [info.name for signature in signatures for info in signature.outputs.values()]
    for name in _INIT_COLLECTIONS:
        outputs += (
            meta_graph.collection_def[name].node_list.value if name in meta_graph.collection_def else []
        )
    answering = _ancestors(nodes, outputs)
    called = {*meta_graph.object_graph_def.concrete_functions, *_called(answering, functions)}
    yield from _OF_CHECKPOINTS & {node.op for node in _with_functions(answering, called, functions)}
    restoring = _ancestors(nodes, [saver.restore_op_name])
    called = _called(restoring, functions)
    yield from _WRITING & {node.op for node in _with_functions(restoring, called, functions)}


def _other_files(meta_graph: Any, functions: Mapping[str, Any]) -> Iterator[str]:
    """Ops that read a table from a file that is no asset of the model."""
    assets = {asset.tensor_info.name.split(":")[0] for asset in meta_graph.asset_file_def}
    for node in meta_graph.graph_def.node:
        if node.op in _OF_VOCABULARIES and node.input[1].split(":")[0] not in assets:
            yield node.op
    objects = meta_graph.object_graph_def
    called = _called([node for nodes in functions.values() for node in nodes], functions)
    for function in meta_graph.graph_def.library.function:
        name = function.signature.name
        arguments = [argument.name for argument in function.signature.input_arg]
        bound = (
            list(objects.concrete_functions[name].bound_inputs) if name in objects.concrete_functions else []
        )
        first = len(arguments) - len(bound)
        kinds = {
            argument: objects.nodes[bound[i - first]].WhichOneof("kind")
            for i, argument in enumerate(arguments)
            if i >= first and bound[i - first] < len(objects.nodes)
        }
        for node in function.node_def:
            if node.op in _OF_VOCABULARIES and (name in called or kinds.get(node.input[1]) != "asset"):
                yield node.op


def _ancestors(nodes: Iterable[Any], outputs: Iterable[str]) -> list[Any]:
    """The nodes of which the outputs are made."""
    by_name = {node.name: node for node in nodes}
    found: dict[str, Any] = {}
    names = list(outputs)
    while names:
        name = names.pop().removeprefix("^").split(":")[0]
        if name in by_name and name not in found:
            found[name] = by_name[name]
            names += by_name[name].input
    return list(found.values())


def _called(nodes: Iterable[Any], functions: Collection[str]) -> set[str]:
    """The functions that nodes call."""
    found = set()
    for node in nodes:
        found.add(node.op)  # a function's name can stand for an op's
        for attribute in node.attr.values():
            kind = attribute.WhichOneof("value")
            if kind == "func":
                found.add(attribute.func.name)
            elif kind == "list":
                found.update(function.name for function in attribute.list.func)
    return found & set(functions)


def _with_functions(
    nodes: Iterable[Any], called: Collection[str], functions: Mapping[str, Any]
) -> Iterator[Any]:
    """Nodes, and those of the functions that are called, and of those that these call."""
    yield from nodes
    seen: set[str] = set()
    left = list(called & functions.keys())
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            yield from functions[name]
            left += _called(functions[name], functions)
