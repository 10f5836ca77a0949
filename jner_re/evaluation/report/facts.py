"""What was evaluated with what: the corpus, the model, its training and the versions."""

from __future__ import annotations

import collections
import importlib.metadata
import pathlib
import platform
from collections.abc import Iterable, Sequence

from jner_re import config as configs
from jner_re import files
from jner_re.constraints import NONE, Constraints
from jner_re.corpora.checksum import corpus_checksum
from jner_re.models import model_files
from jner_re.models.model_vocabulary import ModelVocabulary
from jner_re.schema import Sentence


def facts(
    model_dir: pathlib.Path,
    corpus: pathlib.Path,
    sentences: Sequence[Sentence],
    given_threshold: float | None = None,
    documents: Sequence[Sentence] | None = None,
    constraints: Constraints = NONE,
) -> dict[str, str]:
    """Names and values, both to be read by people.

    Args:
      model_dir: the model's directory.
      corpus: where the sentences were read from.
      sentences: with their gold annotation.
      given_threshold: the relation threshold if it is not the model's.
      documents: what the sentences were split from, with all annotation, if it was raw text.
      constraints: declared, that were respected.

    Raises:
      InputError: a file of the model directory is damaged.
    """
    config, train_config = configs.load(model_dir / model_files.CONFIG)
    vocabulary = ModelVocabulary.load(model_dir / model_files.VOCABULARY)
    checksum = corpus_checksum(sentences)
    splits = [name for name, theirs in vocabulary.corpora.items() if theirs == checksum]
    return {
        "Corpus": str(corpus),
        "Checksum of its sentences": f"SHA-256 {checksum}",
        "Seen in training": ", ".join(f"it is the model's {split} set" for split in splits)
        or "it is neither the model's train nor its dev set; single sentences were not compared",
        "Sentences": f"{sum(len(sentence.breaks) + 1 for sentence in sentences):,}",
        **({} if documents is None else {"Documents": f"{len(documents):,}"}),
        "Entities": _counted(e.type for each in documents or sentences for e in each.entities),
        "Relations": _counted(r.type for each in documents or sentences for r in each.relations),
        "Model directory": str(model_dir),
        "Encoder": config.encoder or "none",
        "Word vectors": config.glove or "none",
        **_training(model_dir, train_config),
        THRESHOLD: _threshold(model_dir, config, given_threshold),
        **({"Declared constraints": "; ".join(constraints.sentences())} if constraints else {}),
        "Versions": ", ".join([f"Python {platform.python_version()}", *map(_version, _DISTRIBUTIONS)]),
    }


THRESHOLD = "Relation threshold"
_DISTRIBUTIONS = {"jner-re": "jner_re", "tensorflow": "TensorFlow", "tensorflow-text": "TensorFlow Text"}


def _counted(types: Iterable[str]) -> str:
    counts = collections.Counter(types)
    each = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
    return f"{counts.total():,}" + (f" ({each})" if each else "")


def _training(model_dir: pathlib.Path, config: configs.TrainConfig) -> dict[str, str]:
    """Seed and epochs, of each member of an ensemble."""
    path = model_dir / model_files.MEMBERS
    if not path.exists():
        return {"Seed": str(config.seed), "Epochs": _epochs(model_dir, config.epochs)}
    members = files.read_json(path)
    seeds, epochs = (", ".join(str(member[name]) for member in members) for name in ("seed", "epochs"))
    return {"Ensemble": f"{len(members)} members", "Seeds": seeds, "Epochs": epochs}


def _epochs(model_dir: pathlib.Path, configured: int) -> str:
    """What metrics.json says, which is there once training has ended."""
    path = model_dir / model_files.METRICS
    metrics = files.read_json(path) if path.exists() else None
    if not isinstance(metrics, dict) or "epochs" not in metrics:
        return f"{configured} configured, training has not ended"
    best = f", the best on dev is {metrics['best_epoch']}" if "best_epoch" in metrics else ", the last counts"
    return f"{metrics['epochs']} of {configured}{best}"


def _threshold(model_dir: pathlib.Path, config: configs.ModelConfig, given: float | None) -> str:
    if given is not None:
        return f"{given:g}, given for this evaluation"
    value = model_files.read_threshold(model_dir, config)
    path = model_dir / model_files.THRESHOLD
    source = files.read_json(path).get("source", "calibrated") if path.exists() else "configured"
    return f"{value:g}, {source}"


def _version(distribution: str) -> str:
    name = _DISTRIBUTIONS[distribution]
    try:
        return f"{name} {importlib.metadata.version(distribution)}"
    except importlib.metadata.PackageNotFoundError:  # run from a checkout
        return f"{name} of a checkout"
