"""Writes what the other stack must open: a model directory, a feature store, an export, and their answers.

python tests/stack_files.py    (in .venv and in .venv-current)

They are in fixtures/stacks, an archive for each TensorFlow that wrote them; test_stacks.py reads them all.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import tarfile
import tempfile

if __name__ == "__main__":
    from jner_re import program

    program.import_tensorflow_quietly()

import lengths_encoder
import scored_answers
import tensorflow as tf
import untrained

from jner_re.extraction import extractor
from jner_re.extraction.in_process import ModelDirectory, SavedModel
from jner_re.schema import Sentence
from jner_re.serving import saved_model

FOLDER = pathlib.Path(__file__).parent / "fixtures" / "stacks"
MIN_SCORE = 0.13
SENTENCES = [
    Sentence(tuple(text.split()))
    for text in ("Ann lives in Rome .", "Rome", "Bob , who lives in Oslo , met Ann in Rome .", "¿ Ü ?")
]
TEXTS = ["Ann lives in Rome. Bob met Carla there.", "", "Who, e.g. Ann, met Bob\nin Rome?", "Ü"]


def answers(model: ModelDirectory | SavedModel) -> dict[str, list]:
    """What is compared, as JSON has it."""
    rows = model.texts(TEXTS, MIN_SCORE)
    return json.loads(json.dumps({"texts": rows, "sentences": scored_answers.answered(model, SENTENCES)}))


def placed(folder: pathlib.Path) -> pathlib.Path:
    """The model directory of a copy of the files, with the paths that it has there."""
    path = folder / "model" / "config.json"
    record = json.loads(path.read_text())
    record["model"] |= {"encoder": str(folder / "encoder"), "glove": str(folder / "glove.tiny.txt")}
    path.write_text(json.dumps(record, indent=1) + "\n")
    return folder / "model"


def write(folder: pathlib.Path) -> None:
    """Writes them all."""
    lengths_encoder.save_encoder(folder / "encoder", 0.1)
    (folder / "glove.tiny.txt").write_text("ann 1 -1 2\nrome 0.5 1 -2\nlives -1 0 1\n")
    config = dataclasses.replace(
        untrained.WEIGHTED, encoder=str(folder / "encoder"), glove=str(folder / "glove.tiny.txt")
    )
    model = untrained.write(folder / "model", config)
    stored = scored_answers.predicted(model, SENTENCES, folder / "layers")
    saved_model.write(extractor.load(model), folder / "exported" / "1", MIN_SCORE)
    found = answers(ModelDirectory(model)) | {"stored": stored}
    (folder / "answers.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    record = json.loads((model / "config.json").read_text())
    record["model"] |= {"encoder": "encoder", "glove": "glove.tiny.txt"}  # no path of this machine
    (model / "config.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        write(pathlib.Path(name))
        with tarfile.open(FOLDER / f"tensorflow-{tf.__version__}.tar.xz", "w:xz") as archive:
            for path in sorted(pathlib.Path(name).iterdir()):
                archive.add(path, path.name)
