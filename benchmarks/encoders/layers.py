"""Every layer of tiny random checkpoints of every architecture, compared with PyTorch's transformers.

    python -m benchmarks.encoders.layers --torch_python=torch-env/bin/python

tests/encoders/make_architectures.py makes the checkpoints and runs PyTorch; its environment needs torch,
transformers and safetensors. A difference is the largest one of any number of a layer, divided by the largest
number of the layer; each sentence is encoded alone, and padded among the others. PyTorch in float64 tells
what of it is rounding.
"""

from __future__ import annotations

import collections
import json
import pathlib
import subprocess
import tempfile
from typing import TYPE_CHECKING

import numpy as np
from absl import flags

from benchmarks.table import aligned_table
from jner_re import program
from jner_re.errors import InputError

if TYPE_CHECKING:
    from jner_re.encoders.network import Network

_TORCH = flags.DEFINE_string("torch_python", None, "Python of an environment with PyTorch", required=True)
_SHOW = flags.DEFINE_bool("show", False, "a line for every variant")
_THREADS = flags.DEFINE_integer("threads", 1, "threads of TensorFlow", lower_bound=1)
_SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "encoders" / "make_architectures.py"


def main() -> None:
    """Compares and prints."""
    with tempfile.TemporaryDirectory() as folder:
        _make(pathlib.Path(folder))
        program.import_tensorflow_quietly(_THREADS.value)
        found = collections.defaultdict(list)
        for arrays in sorted(pathlib.Path(folder).glob("*.npz")):
            checkpoint = arrays.with_suffix("")
            longest, *largest = compare(checkpoint, arrays)
            if _SHOW.value:
                print(
                    f"{checkpoint.name}: {', '.join(format(value, '.1e') for value in largest)}", flush=True
                )
            config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
            found[config["model_type"]].append((longest, *largest))
    rows = [["architecture", "variants", "subwords", "ours, PyTorch", "ours, float64", "PyTorch, float64"]]
    for name, variants in found.items():
        longest, *largest = map(max, zip(*variants, strict=True))
        numbers = [str(len(variants)), f"up to {longest}", *(format(value, ".1e") for value in largest)]
        rows.append([name, *numbers])
    print(aligned_table(rows))


def _make(folder: pathlib.Path) -> None:
    try:
        done = subprocess.run([_TORCH.value, str(_SCRIPT), f"--full={folder}"], check=False)
    except OSError as error:
        raise InputError(
            f"torch_python is {_TORCH.value!r}: {error.strerror}, expected a Python with PyTorch"
        ) from None
    if done.returncode:
        raise InputError(
            f"torch_python is {_TORCH.value!r}: {_SCRIPT.name} ended with code {done.returncode}, see above"
        )


def compare(checkpoint: pathlib.Path, arrays: pathlib.Path) -> tuple[int, float, float, float]:
    """The largest differences of a layer.

    Args:
      checkpoint: its folder.
      arrays: of PyTorch and sentence 0: ids_0 [S], layers_0 [L, S, D], exact_0 in float64; and so on.

    Returns:
      the subwords of the longest sentence; ours from PyTorch's, ours and PyTorch's from PyTorch's in float64.
    """
    from benchmarks.encoders import networks

    network = networks.read(checkpoint)
    with np.load(arrays) as given:
        numbers = range(sum(name.startswith("ids_") for name in given))
        ids, theirs, exact = ([given[f"{name}_{i}"] for i in numbers] for name in ("ids", "layers", "exact"))
    ours = [*(layers(network, [sentence])[0] for sentence in ids), *layers(network, ids)]
    return (
        max(map(len, ids)),
        largest_difference(ours, theirs * 2),
        largest_difference(ours, exact * 2),
        largest_difference(theirs, exact),
    )


def largest_difference(actual: list[np.ndarray], expected: list[np.ndarray]) -> float:
    """Of any number of a layer, divided by the layer's largest number."""
    return max(
        float(np.abs(one - other).max() / np.abs(other).max())
        for ours, theirs in zip(actual, expected, strict=True)
        for one, other in zip(ours, theirs, strict=True)
    )


def layers(network: Network, sentences: list[np.ndarray]) -> list[np.ndarray]:
    """The layers of each sentence [L, S, D], in one batch, padded with any ids."""
    import tensorflow as tf

    lengths = [len(ids) for ids in sentences]
    rows = np.random.default_rng(0).integers(0, network.vocabulary_size, (len(lengths), max(lengths)))
    for row, ids in zip(rows, sentences, strict=True):
        row[: len(ids)] = ids
    states = network(tf.constant(rows, tf.int32), tf.constant(lengths, tf.int64))
    together = tf.reshape(tf.stack(states), [network.num_layers, *rows.shape, network.width]).numpy()
    return [together[:, i, :length] for i, length in enumerate(lengths)]


if __name__ == "__main__":
    program.run(main)
