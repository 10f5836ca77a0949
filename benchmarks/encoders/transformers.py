"""Speed of transformers of base size (random weights), PyTorch's transformers beside them.

    python -m benchmarks.encoders.transformers --torch_python=torch-env/bin/python --threads=1

The environment of PyTorch needs torch, transformers and safetensors. A batch of ids of equal length goes
through both in turn; every layer is given out by both.
"""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
from absl import flags

from benchmarks.measuring import spread, timed
from benchmarks.torch_process import TorchProcess
from jner_re import program

_TORCH = flags.DEFINE_string("torch_python", None, "Python of an environment with PyTorch", required=True)
_ONLY = flags.DEFINE_list(
    "architectures", ["distilbert", "electra", "roberta", "deberta-v2", "modernbert"], "which of them"
)
_SENTENCES = flags.DEFINE_integer("sentences", 32, "of a batch", lower_bound=1)
_SUBWORDS = flags.DEFINE_integer("subwords", 25, "of a sentence", lower_bound=3)
_ROUNDS = flags.DEFINE_integer("rounds", 3, "rounds that are measured", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 1, "threads of each", lower_bound=1)

_VOCABULARY = 1000  # looking a row up costs the same in a larger one
_BASE = {"vocab_size": _VOCABULARY, "hidden_size": 768, "num_attention_heads": 12, "num_hidden_layers": 12}
CONFIGS: dict[str, dict[str, Any]] = {
    "distilbert": {"vocab_size": _VOCABULARY},  # 6 layers
    "electra": {**_BASE, "embedding_size": 768, "intermediate_size": 3072},
    "roberta": {**_BASE, "max_position_embeddings": 514, "type_vocab_size": 1},
    "deberta-v2": {
        **_BASE,
        "intermediate_size": 3072,
        "relative_attention": True,
        "position_buckets": 256,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "pos_att_type": "p2c|c2p",
        "position_biased_input": False,
    },
    "modernbert": {
        **_BASE,
        "num_hidden_layers": 22,
        **dict.fromkeys(["pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"], 0),
    },
}


def main() -> None:
    """Measures and prints."""
    program.import_tensorflow_quietly(_THREADS.value)
    shape = (_SENTENCES.value, _SUBWORDS.value)
    ids = np.random.default_rng(0).integers(5, _VOCABULARY, shape)
    print(f"{shape[0]} sentences of {shape[1]} subwords, {_THREADS.value} threads")
    with TorchProcess(_TORCH.value, "benchmarks.encoders.transformers_torch") as torch:
        versions = torch.ask(threads=_THREADS.value, ids=ids.tolist())
        print(f"PyTorch {versions['torch']}, transformers {versions['transformers']}")
        for name in _ONLY.value:
            measure(name, ids, torch)


def measure(name: str, ids: np.ndarray, torch: TorchProcess) -> None:
    """Prints what an architecture gives."""
    import tensorflow as tf

    from benchmarks.encoders import networks

    with tempfile.TemporaryDirectory() as folder:
        theirs = torch.ask(architecture=name, config=CONFIGS[name], folder=folder)
        network = networks.read(pathlib.Path(folder))
    lengths = tf.fill([len(ids)], np.int64(ids.shape[1]))
    run = tf.function(lambda: tf.stack(network(tf.constant(ids, tf.int32), lengths), axis=1))
    mean = float(tf.reduce_mean(tf.abs(run())))
    turns: dict[str, Callable[[], float]] = {
        "ours": lambda: timed(lambda: run().numpy())[0],
        "PyTorch": lambda: torch.ask(run=True)["seconds"],
    }
    seconds: dict[str, list[float]] = {side: [] for side in turns}
    for _ in range(_ROUNDS.value + 1):
        for side, turn in turns.items():
            seconds[side].append(turn())
    rounds = {side: times[1:] for side, times in seconds.items()}
    speeds = {side: spread([len(ids) / s for s in times], ".1f") for side, times in rounds.items()}
    ratios = [t / s for t, s in zip(rounds["PyTorch"], rounds["ours"], strict=True)]
    print(
        f"{name}: {speeds['ours']} sentences/s, PyTorch {speeds['PyTorch']}, {spread(ratios, '.2f')} times "
        f"PyTorch's speed (mean of the layers {mean:.5f}, PyTorch's {theirs['mean']:.5f})",
        flush=True,
    )


if __name__ == "__main__":
    program.run(main)
