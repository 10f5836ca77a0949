"""Every layer of tiny random checkpoints of every architecture, compared with PyTorch's transformers.

    python -m benchmarks.encoders.layers --torch_python=torch-env/bin/python

tests/encoders/make_architectures.py makes the checkpoints and runs PyTorch; its environment needs torch,
transformers and safetensors. A difference is the largest one of any number of a layer, divided by the largest
number of the layer; each sentence is encoded alone, and padded among the others.
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
            largest, subwords = compare(checkpoint, arrays)
            if _SHOW.value:
                print(f"{checkpoint.name}: {largest:.1e}", flush=True)
            config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
            found[config["model_type"]].append((largest, subwords, checkpoint.name))
    rows = [["architecture", "variants", "longest sentence", "largest difference", "in"]]
    for name, variants in found.items():
        largest, _, variant = max(variants)
        longest = max(subwords for _, subwords, _ in variants)
        rows.append([name, str(len(variants)), f"{longest} subwords", f"{largest:.1e}", variant])
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


def compare(checkpoint: pathlib.Path, arrays: pathlib.Path) -> tuple[float, int]:
    """The largest difference of a layer, and the subwords of the longest sentence.

    Args:
      checkpoint: its folder.
      arrays: ids_0 [S], layers_0 [L, S, D] and so on, of PyTorch.
    """
    from benchmarks.encoders import networks

    network = networks.read(checkpoint)
    with np.load(arrays) as given:
        count = sum(name.startswith("ids_") for name in given)
        sentences = [given[f"ids_{i}"] for i in range(count)]
        expected = [given[f"layers_{i}"] for i in range(count)]
    actual = [*(layers(network, [ids])[0] for ids in sentences), *layers(network, sentences)]
    differences = [
        np.abs(one - other).max() / np.abs(other).max()
        for ours, theirs in zip(actual, expected * 2, strict=True)
        for one, other in zip(ours, theirs, strict=True)
    ]
    return float(max(differences)), max(map(len, sentences))


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
