"""The directory of a training run: whose it is, and what the run writes there."""

from __future__ import annotations

import contextlib
import json
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jner_re import config as configs
from jner_re import constraints as constraint_files
from jner_re import files
from jner_re.config import ModelConfig, TrainConfig
from jner_re.config_paths import with_absolute_paths
from jner_re.constraints import Constraints
from jner_re.encoders.checkpoint_source import Origin
from jner_re.errors import InputError
from jner_re.evaluation.card import card
from jner_re.models import model_files
from jner_re.models.model_vocabulary import ModelVocabulary


class RunDirectory:
    """A model directory that one run writes.

    Attributes:
      logs: where TensorBoard's logs go.
      weights: the file of the weights that are kept.
    """

    def __init__(self, path: pathlib.Path, config: ModelConfig, train_config: TrainConfig) -> None:
        """Writes nothing yet.

        Raises:
          InputError: the directory holds something else than a run of these configs.
        """
        self._path = path
        self.logs = path / model_files.LOGS
        self.weights = path / model_files.WEIGHTS
        self._config, self._train_config = config, train_config
        self._check()

    def origins(self) -> dict[str, Origin]:
        """Where on the Hugging Face hub the encoders of an interrupted run are from; none for a new one."""
        path = self._path / model_files.VOCABULARY
        return ModelVocabulary.load(path).origins if (self._path / model_files.CONFIG).exists() else {}

    @contextlib.contextmanager
    def claimed(
        self, vocabulary: ModelVocabulary, constraints: Constraints, texts: Sequence[str]
    ) -> Iterator[None]:
        """Writes whose run it is; no other training writes there as long as the context lasts.

        Args:
          vocabulary: of the run.
          constraints: declared, of its types.
          texts: a few that it is trained on.

        Raises:
          InputError: another training writes to it, or it is of another corpus or encoder, or has other
            constraints.
        """
        with model_files.training_lock(self._path):
            files.remove_unfinished(self._path)
            self._check()  # again: another one may have begun
            path = self._path / model_files.VOCABULARY
            if not (self._path / model_files.CONFIG).exists():
                vocabulary.save(path)
                constraint_files.save(constraints, self._path)
                configs.save(self._path / model_files.CONFIG, self._config, self._train_config)
            elif ModelVocabulary.load(path) != vocabulary:
                raise InputError(
                    f"{path}: is not of this run, expected a new folder: the sentences for training or dev, "
                    "the encoder or the soft targets have changed since this one was begun"
                )
            elif constraint_files.load_if_there(self._path) != constraints:
                raise InputError(
                    f"{self._path / model_files.CONSTRAINTS}: other constraints are declared for this run, "
                    f"expected the same or a new folder (here: {json.dumps(constraints.to_json())})"
                )
            files.write_text(self._path / model_files.EXAMPLES, "".join(f"{text}\n" for text in texts))
            yield

    def finish(self, metrics: Mapping[str, Any]) -> None:
        """Writes the threshold, if it was calibrated, metrics.json, which ends the run, and the card.

        A run that has ended before stays as it is: its threshold may have got temperatures.
        """
        path = self._path / model_files.METRICS
        if not path.exists():
            if self._train_config.calibrate:
                model_files.write_threshold(self._path, metrics["threshold"], metrics["threshold_source"])
            files.write_text(path, json.dumps(metrics, indent=1) + "\n")
        card.write(self._path)

    def _check(self) -> None:
        path = self._path / model_files.CONFIG
        if not path.exists():
            names = {entry.name for entry in self._path.glob("*") if not entry.name.startswith(".")}
            unknown = names - {
                model_files.VOCABULARY,
                model_files.CONSTRAINTS,
            }  # a run killed at its very start has left no more
            if unknown:
                raise InputError(
                    f"{self._path}: holds {min(unknown)} and no {model_files.CONFIG}, expected a new folder"
                )
            return
        known, known_train = configs.load(path)
        known = with_absolute_paths(known)  # older versions kept them as they were given
        for ours, theirs in ((self._config, known), (self._train_config, known_train)):
            for name, value in vars(ours).items():
                if value != getattr(theirs, name):
                    raise InputError(
                        f"{path}: {name} is {getattr(theirs, name)!r}, expected {value!r}: the directory "
                        "holds a run of another config; choose another one, or remove it"
                    )
