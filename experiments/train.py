"""Trains a model.

%s --preset=conll04 --data_dir=DIR --model_dir=DIR

The same command again goes on with a run that was interrupted.
"""

from __future__ import annotations

from typing import Any

from absl import flags

from jner_re import files, program
from jner_re.corpora import data_dir
from jner_re.corpora.text_sentences import Splitting
from jner_re.corpora.tokenization_fit import warn_of_misfit
from jner_re.errors import InputError
from jner_re.models import model_files

from . import config_flags, constraints_flag, repair_flag

_DATA_DIR = flags.DEFINE_string(
    "data_dir",
    None,
    "folder with train.json, dev.json and test.json (or .jsonl: documents), or sample for the bundled corpus",
    required=True,
)
_MODEL_DIR = flags.DEFINE_string("model_dir", None, "folder of the model", required=True)
_TRAIN_ON = flags.DEFINE_list(
    "train_on",
    ["train"],
    "splits to train on, e.g. train,dev; dev chooses the best epoch unless it is trained on",
)
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)
flags.adopt_module_key_flags(repair_flag)
flags.adopt_module_key_flags(constraints_flag)
config_flags.define()


def main() -> None:
    """Reads the corpus and trains."""
    folder = data_dir.located(_DATA_DIR.value)
    config, train_config = config_flags.parsed(look=data_dir.look(folder))
    for split in _TRAIN_ON.value:
        if split not in ("train", "dev"):
            raise InputError(f"train_on is {split!r}, expected train, dev or train,dev")
    splitting = Splitting(
        config.tokenization, config.lines, repair_flag.repairs(), config.window, config.language
    )
    sentences = [
        sentence for split in _TRAIN_ON.value for sentence in data_dir.read_split(folder, split, splitting)
    ]
    dev = [] if "dev" in _TRAIN_ON.value else data_dir.read_split(folder, "dev", splitting)
    warn_of_misfit(sentences, config.tokenization, config.language)
    declared = constraints_flag.of_corpus(folder, sentences, dev)

    program.import_tensorflow_quietly(_THREADS.value)
    if train_config.jit_compile:
        program.start_xla_quietly()
    from jner_re.training import fit

    model_dir = files.user_path(_MODEL_DIR.value)
    metrics = fit.train(
        config,
        train_config,
        sentences,
        dev,
        model_dir,
        corpus_name=folder.name,
        constraints=declared,
    )
    if dev:
        print(f"\n{_scores(metrics)} (by type: {model_dir / model_files.METRICS})")
    print(f"Model directory: {model_dir}\nTensorBoard logs: {model_dir / model_files.LOGS}")


def _scores(metrics: dict[str, Any]) -> str:
    """The scores on dev in a line."""
    dev = metrics["dev"]
    ner, re = (dev[task]["strict"]["micro"]["f1"] for task in ("ner", "re"))
    return (
        f"Dev after epoch {metrics['best_epoch']}, threshold {metrics['threshold']:g}, strict micro F1: "
        f"NER {100 * ner:.2f}, RE {100 * re:.2f}, average {100 * dev['average_f1']:.2f}"
    )


if __name__ == "__main__":
    program.run(main)
