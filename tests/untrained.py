"""A model directory without training: random weights under which entities are predicted."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import tf_keras as keras

from jner_re import config as configs
from jner_re.config import ModelConfig, TrainConfig
from jner_re.features.inputs import make_inputs, open_frozen
from jner_re.models import model_dir, model_files, weights
from jner_re.models.model_vocabulary import ModelVocabulary

SMALL = ModelConfig(
    encoder="",
    glove="",
    rnn_size=7,
    char_rnn_size=4,
    ner_hidden_size=6,
    re_hidden_size=5,
    label_embedding_size=3,
    pair_context_size=4,
)
WEIGHTED = dataclasses.replace(SMALL, typed_pairs=True, entity_weighted=True, threshold=0.2)
CHARACTERS = "abcdefghijklmnoprstuvwyABCLMORU.,"
EXAMPLE = "Ann's friend Bob lives in Rome."
TRIPLES = (("Peop", "Loc", "Live_In"), ("Peop", "Peop", "Kill"))


def write(folder: pathlib.Path, config: ModelConfig = WEIGHTED) -> pathlib.Path:
    """Writes what training leaves for use, and returns the folder."""
    frozen = open_frozen(config)
    vocabulary = ModelVocabulary(
        ("Loc", "Peop"),
        ("Kill", "Live_In"),
        CHARACTERS,
        TRIPLES,
        frozen.fingerprints,
        {},
        frozen.origins(),
    )
    keras.utils.set_random_seed(3)
    model = model_dir.build(config, make_inputs(config, frozen, CHARACTERS), vocabulary)
    random = np.random.default_rng(4)
    for weight in model.training.trainable_weights:
        weight.assign_add(0.5 * random.normal(size=weight.shape))
    model.training.get_layer("ner_scores").bias.assign([-1.0, 1.0, 0.5, 1.0, 0.5])
    vocabulary.save(folder / model_files.VOCABULARY)
    configs.save(folder / model_files.CONFIG, config, TrainConfig())
    (folder / model_files.EXAMPLES).write_text(f"{EXAMPLE}\nBob saw Ann.\n", encoding="utf-8")
    weights.save(model.inference, folder / model_files.WEIGHTS)
    return folder
