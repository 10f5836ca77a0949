"""Writes a frozen token encoder as a TF-Hub module (SavedModel).

From a checkpoint of the catalogue, a folder or the Hugging Face hub (docs/encoders.md), or an ELMo:

  %s --name=minilm --output=encoders/minilm
  %s --checkpoint=google-bert/bert-base-cased --output=encoders/bert
  %s --elmo_options=options.json --elmo_weights=weights.hdf5 --output=encoders/elmo
"""

from __future__ import annotations

from absl import flags

from jner_re import files, program
from jner_re.encoders import checkpoint_source
from jner_re.errors import InputError

_CHECKPOINT = flags.DEFINE_string(
    "checkpoint",
    None,
    "a folder with config.json, model.safetensors and a tokenizer, or the id of one on the Hugging Face hub: "
    "owner/name or owner/name@revision",
)
_NAME = flags.DEFINE_string(
    "name", None, f"instead: one of the catalogue, {', '.join(checkpoint_source.catalogue_names())}"
)
_ELMO_OPTIONS = flags.DEFINE_string("elmo_options", None, "instead: an ELMo's options.json")
_ELMO_WEIGHTS = flags.DEFINE_string("elmo_weights", None, "its weights (HDF5)")
_OUTPUT = flags.DEFINE_string("output", None, "the folder to write", required=True)
_SUBWORD_POOLING = flags.DEFINE_enum(
    "subword_pooling",
    "mean",
    ["mean", "first", "first_last"],
    "a word's vector: the mean of its subwords', the first one's, or the first and the last one's joined, "
    "twice as wide; an ELMo has no subwords",
)


def main() -> None:
    """Converts what the flags name."""
    given = [flag.name for flag in (_NAME, _CHECKPOINT, _ELMO_OPTIONS) if flag.value]
    if len(given) != 1 or bool(_ELMO_OPTIONS.value) != bool(_ELMO_WEIGHTS.value):
        raise InputError("give one of --name, --checkpoint, or --elmo_options with --elmo_weights")
    output, pooling = files.user_path(_OUTPUT.value), _SUBWORD_POOLING.value
    name = _NAME.value or _CHECKPOINT.value
    if _NAME.value:
        checkpoint = checkpoint_source.fetch(_NAME.value)
    program.import_tensorflow_quietly()
    if _CHECKPOINT.value:
        checkpoint = checkpoint_source.find(_CHECKPOINT.value)
    from jner_re.encoders import elmo, saved_encoder

    if name:
        saved_encoder.convert(checkpoint, output, name, pooling)
    elif _ELMO_OPTIONS.value and _ELMO_WEIGHTS.value:
        encoder = elmo.read_files(files.user_path(_ELMO_OPTIONS.value), files.user_path(_ELMO_WEIGHTS.value))
        saved_encoder.save(encoder, output, _ELMO_WEIGHTS.value, pooling)
    description = saved_encoder.read_description(output)
    print("{}: {name}, {layers} layers, {width} wide, {pooling} of subwords".format(output, **description))


if __name__ == "__main__":
    program.run(main)
