from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest
import untrained

from jner_re.errors import InputError
from jner_re.models import ensemble_dir, model_files


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, pathlib.Path]:
    """A model, and an ensemble of it and itself."""
    folder = tmp_path_factory.mktemp("models [1]*")
    one = untrained.write(folder / "one")
    ensemble_dir.write(folder / "both", [one, one], 0.4, "chosen")
    return one, folder / "both"


def test_every_file_that_decides_what_a_model_answers_is_in_its_fingerprint(
    folders: tuple[pathlib.Path, pathlib.Path],
) -> None:
    names = [[str(path.relative_to(folder)) for path in model_files.of_model(folder)] for folder in folders]
    assert names == [
        ["config.json", "vocabulary.json", "checkpoints/best.weights.h5"],
        [
            "config.json", "vocabulary.json", "threshold.json", "members.json",
            "checkpoints/member-00.weights.h5", "checkpoints/member-01.weights.h5",
        ],
    ]  # fmt: skip
    for folder in folders:
        everything = {path for path in folder.rglob("*") if path.is_file()} - {folder / model_files.EXAMPLES}
        assert set(model_files.of_model(folder)) == everything
        seen = {model_files.fingerprint(folder)}
        for path in everything:
            content = path.read_bytes()
            path.write_bytes(content[:-1] + b"!")
            seen.add(model_files.fingerprint(folder))
            path.write_bytes(content)
        assert len(seen) == 1 + len(everything) and model_files.fingerprint(folder) in seen
        (folder / model_files.EXAMPLES).write_text("Others.\n")
        for other in ("metrics.json", "logs", "last-3.index", ".lock"):
            (folder / other).touch()
        assert model_files.fingerprint(folder) in seen


def test_no_one_else_trains_in_it(tmp_path: pathlib.Path) -> None:
    taken = pytest.raises(InputError, match="another training writes to it")
    for _ in range(2):
        with model_files.training_lock(tmp_path / "new"), taken, model_files.training_lock(tmp_path / "new"):
            pass


def test_it_is_known_without_tensorflow() -> None:
    code = "import sys; from jner_re.models import model_files; print('tensorflow' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
