from __future__ import annotations

import json
import pathlib

from jner_re import config as configs
from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora import data_dir
from jner_re.corpora.checksum import corpus_checksum
from jner_re.evaluation.report.facts import facts
from jner_re.models.model_vocabulary import ModelVocabulary


def test_what_the_files_of_a_model_say(tmp_path: pathlib.Path) -> None:
    dev, test = data_dir.read_sample("dev"), data_dir.read_sample("test")
    configs.save(tmp_path / "config.json", ModelConfig(threshold=0.3), TrainConfig(seed=7, epochs=5))
    checksums = {"train": "?", "dev": corpus_checksum(dev)}
    ModelVocabulary((), (), "", (), {}, checksums).save(tmp_path / "vocabulary.json")

    found = facts(tmp_path, pathlib.Path("dev.json"), dev)
    assert found["Seen in training"] == "it is the model's dev set"
    assert found["Checksum of its sentences"] == f"SHA-256 {corpus_checksum(dev)}"
    assert (found["Encoder"], found["Seed"], found["Model directory"]) == ("minilm", "7", str(tmp_path))
    assert found["Epochs"] == "5 configured, training has not ended"
    assert found["Relation threshold"] == "0.3, configured"
    assert facts(tmp_path, pathlib.Path("dev.json"), dev, 0.5)["Relation threshold"].startswith("0.5, given")

    (tmp_path / "threshold.json").write_text(json.dumps({"threshold": 0.65, "source": "best F1"}))
    (tmp_path / "metrics.json").write_text(json.dumps({"epochs": 4, "best_epoch": 2}))
    found = facts(tmp_path, pathlib.Path("test.json"), test)
    assert found["Seen in training"].startswith("it is neither")
    assert found["Relation threshold"] == "0.65, best F1"
    assert found["Epochs"] == "4 of 5, the best on dev is 2"
    count = sum(entity.type == "Peop" for sentence in test for entity in sentence.entities)
    assert found["Sentences"] == str(len(test)) and f"Peop {count}" in found["Entities"]
