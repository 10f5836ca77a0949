"""The precision in which a model's graph is run: float32, or bfloat16 where oneDNN multiplies matrices.

bfloat16 is TensorFlow's graph rewrite auto_mixed_precision_onednn_bfloat16, the one behind TensorFlow
Serving's --mixed_precision=bfloat16: products of matrices read and write bfloat16, sums are float32. The
rewrite belongs to a call of a graph, so that one process can run models in both.
"""

from __future__ import annotations

import contextlib
import pathlib
import platform
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jner_re.errors import InputError

if TYPE_CHECKING:
    from tensorflow.core.protobuf import config_pb2

FLOAT32 = "float32"
BFLOAT16 = "bfloat16"
CHOICES = (FLOAT32, BFLOAT16)
HELP = (
    "bfloat16 can be faster for many long texts on a processor with instructions for it, and changes scores "
    "by up to a few hundredths"
)

_CPU_INFO = pathlib.Path("/proc/cpuinfo")
# Without instructions for it, bfloat16 is emulated, many times as slow.
_INSTRUCTIONS = {"avx512_bf16", "amx_bf16", "bf16"}  # the last one is Arm's


def check(precision: str) -> None:
    """Raises InputError if it is no precision, or the processor has no instructions for it."""
    if precision not in CHOICES:
        raise InputError(f"precision is {precision!r}, expected one of {', '.join(CHOICES)}")
    if precision == BFLOAT16 and not _INSTRUCTIONS & _processor_flags():
        raise InputError(
            f"precision is 'bfloat16', for which this processor ({platform.machine()}) has no instructions "
            "(avx512_bf16 or amx_bf16 on x86, bf16 on Arm, as /proc/cpuinfo names them), expected 'float32'"
        )


def set_in(config: config_pb2.ConfigProto, precision: str) -> None:
    """Has what is run with the config have the precision."""
    from tensorflow.core.protobuf import rewriter_config_pb2

    if precision == BFLOAT16:
        rewrites = config.graph_options.rewrite_options
        rewrites.auto_mixed_precision_onednn_bfloat16 = rewriter_config_pb2.RewriterConfig.ON
        rewrites.disable_meta_optimizer = False


@contextlib.contextmanager
def calls_in(precision: str) -> Iterator[None]:
    """Calls of graphs by this thread, inside the block, have that precision."""
    if precision == FLOAT32:
        yield
        return
    from tensorflow.core.protobuf import config_pb2
    from tensorflow.python.eager import context  # what is public holds for all threads, also for other models

    of_thread = context.context()
    before = of_thread.function_call_options
    config = config_pb2.ConfigProto.FromString(before.config_proto_serialized)
    set_in(config, precision)
    of_thread.function_call_options = context.FunctionCallOptions(before.executor_type, config)
    try:
        yield
    finally:
        of_thread.function_call_options = before


def _processor_flags() -> set[str]:
    """Of the first core, as Linux names them; none where it can't be told."""
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    found = (line.partition(":")[2] for line in lines if line.lower().startswith(("flags", "features")))
    return set(next(found, "").split())
