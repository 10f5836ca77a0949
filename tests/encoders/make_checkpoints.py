r"""Writes a tiny checkpoint of each architecture, with its tokenizer, from the fixtures; needs no PyTorch.

  python tests/encoders/make_checkpoints.py FOLDER

Weights are random (tiny_weights). They are enough to train, export and answer once:

  python -m experiments.train --preset=sample --data_dir=sample --epochs=4 --rnn_size=48 \
      --learning_rate=0.005 --encoder=FOLDER/roberta --glove= --model_dir=DIR
  make compatibility MODEL_DIR=DIR
"""

from __future__ import annotations

import pathlib
import shutil
import sys

import tiny_weights
from tiny_architectures import FIXTURES, fixture, write

_VOCABULARY = 800  # at least as many as each tokenizer has
# The fixture of the network and the folder with the tokenizer.
_PARTS = {
    "distilbert": ("distilbert", "tokenizers/distilbert"),
    "electra": ("electra", "tiny_bert"),
    "roberta": ("roberta", "tokenizers/roberta"),
    "camembert": ("camembert", "tokenizers/camembert"),
    "xlm-roberta": ("xlm_roberta", "tokenizers/xlm-roberta"),
    "deberta-v2": ("deberta_v3", "tokenizers/deberta"),
    "modernbert": ("modernbert", "tokenizers/modernbert"),
}


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    for name, (network, tokenizer) in _PARTS.items():
        shutil.copytree(FIXTURES.parent / tokenizer, folder / name)
        old = fixture(network)["config"]["vocab_size"]
        shapes = {
            weight: [_VOCABULARY if size == old else size for size in shape]
            for weight, shape in fixture(network)["shapes"].items()
        }
        write(folder / name, network, tiny_weights.weights(shapes), vocab_size=_VOCABULARY)


if __name__ == "__main__":
    main()
