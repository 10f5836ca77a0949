from __future__ import annotations

import pathlib

import pytest
import tensorflow as tf
import tf_keras as keras
from full_disk import largest_file

from jner_re import files
from jner_re.errors import InputError
from jner_re.models import weights
from jner_re.training import checkpoints


def test_the_newest_is_kept_and_goes_on(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "runs [1]*" / "checkpoints"
    assert checkpoints.newest(folder) is None
    value = tf.Variable(0.0)
    checkpoint = tf.train.Checkpoint(value=value)
    for number in (8, 9, 10, 11):
        value.assign(float(number))
        checkpoints.save(checkpoint, folder, number)
        (folder / "checkpoint").write_text("of an older version")
        if number == 9:
            (folder / "last-7.data-00000-of-00001").write_text("without an index")
    assert checkpoints.newest(folder) == folder / "last-11"
    (folder / ".last-12.abc").mkdir()
    (folder / ".last-12.abc" / "last-12.index").write_text("")
    checkpoints._remove_unfinished(folder)
    checkpoints.save(checkpoint, folder, 11)
    assert sorted(path.name for path in folder.iterdir()) == ["last-11.data-00000-of-00001", "last-11.index"]
    restored = tf.Variable(0.0)
    tf.train.Checkpoint(value=restored).read(str(files.without_pattern(folder) / "last-11")).assert_consumed()
    assert restored.numpy() == 11.0


def test_a_full_disk_is_one_line_and_leaves_what_was_there(tmp_path: pathlib.Path) -> None:
    model = keras.Sequential([keras.layers.Dense(200, input_shape=[200])])
    checkpoint = tf.train.Checkpoint(model=model)
    checkpoints.save(checkpoint, tmp_path, 1)
    weights.save(model, tmp_path / "best.weights.h5")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with largest_file(50_000):
        with pytest.raises(InputError, match=r"can't be written: .*File too large") as problem:
            checkpoints.save(checkpoint, tmp_path, 2)
        assert "\n" not in str(problem.value)
        with pytest.raises(InputError, match=r"weights\.h5: can't be written: .*File too large") as problem:
            weights.save(model, tmp_path / "best.weights.h5")
        assert "\n" not in str(problem.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
