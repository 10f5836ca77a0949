"""Writes a frozen token encoder as a TF-Hub module (SavedModel).

From a checkpoint of the catalogue, or any BERT or MPNet checkpoint in the Hugging Face layout:

  python -m export.encoder --name=minilm --output=encoders/minilm
  python -m export.encoder --checkpoint=bert-base-cased --output=encoders/bert
"""

from __future__ import annotations

import pathlib

from absl import flags

from jner_re import program
from jner_re.encoders import checkpoint_source
from jner_re.errors import InputError

_CHECKPOINT = flags.DEFINE_string(
    "checkpoint",
    None,
    "a folder with config.json, vocab.txt and model.safetensors, or the id of one on the Hugging Face hub",
)
_NAME = flags.DEFINE_string("name", None, "instead of --checkpoint: minilm or mpnet, from the catalogue")
_OUTPUT = flags.DEFINE_string("output", None, "the folder to write", required=True)
_SUBWORD_POOLING = flags.DEFINE_enum(
    "subword_pooling",
    "mean",
    ["mean", "first"],
    "a word's vector: the mean of its subwords', or the first one's",
)


def main() -> None:
    """Converts what the flags name."""
    output = pathlib.Path(_OUTPUT.value)
    if _NAME.value and not _CHECKPOINT.value:
        name, checkpoint = _NAME.value, checkpoint_source.fetch(_NAME.value)
    elif _CHECKPOINT.value and not _NAME.value:
        name, checkpoint = _CHECKPOINT.value, checkpoint_source.find(_CHECKPOINT.value)
    else:
        raise InputError("give either --name or --checkpoint")

    program.import_tensorflow_quietly()
    from jner_re.encoders import saved_encoder

    saved_encoder.convert(checkpoint, output, name, _SUBWORD_POOLING.value)
    description = saved_encoder.read_description(output)
    print("{}: {name}, {layers} layers, {width} wide, {pooling} of subwords".format(output, **description))


if __name__ == "__main__":
    program.run(main)
