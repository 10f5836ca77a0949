from __future__ import annotations

import dataclasses
import json
import math
import pathlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re import config, config_paths
from jner_re.config import ModelConfig, TrainConfig
from jner_re.errors import InputError

KINDS = {"model": ModelConfig, "train": TrainConfig}
FIELDS = [(part, field) for part, kind in KINDS.items() for field in dataclasses.fields(kind)]


def values_of(field: dataclasses.Field) -> st.SearchStrategy[Any]:
    """Allowed values of a field."""
    low, high = field.metadata["low"], field.metadata["high"]
    if field.metadata["choices"]:
        return st.sampled_from(field.metadata["choices"])
    if isinstance(field.default, bool):
        return st.booleans()
    if isinstance(field.default, int):
        return st.integers(low, high)
    if isinstance(field.default, float):
        return st.floats(low, high, allow_infinity=False, allow_nan=False)
    return st.text()


def configs_of(kind: type) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{field.name: values_of(field) for field in dataclasses.fields(kind)})


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("config") / "config.json"


@settings(deadline=None)
@given(model=configs_of(ModelConfig), train=configs_of(TrainConfig))
def test_json_round_trip(path: pathlib.Path, model: ModelConfig, train: TrainConfig) -> None:
    config.save(path, model, train)
    assert config.load(path) == (model, train)


def test_defaults_are_the_papers_where_table_1_and_section_3_4_fix_them() -> None:
    model, train = ModelConfig(), TrainConfig()
    assert (model.shared_layers, model.ner_layers, model.re_layers, model.rnn_size) == (1, 1, 2, 256)
    assert (model.char_rnn_size, model.label_embedding_size, model.threshold) == (32, 25, 0.9)
    assert (train.optimizer, train.learning_rate, train.batch_size, train.relation_weight) == (
        "nadam",
        5e-4,
        2,
        5,
    )


@pytest.mark.parametrize(("part", "field"), FIELDS, ids=lambda value: getattr(value, "name", value))
def test_every_field_has_a_help_text(part: str, field: dataclasses.Field) -> None:
    assert len(field.metadata["help"]) > 5


def violations() -> list[tuple[str, str, Any]]:
    """(part, field, value) for each bound and choice."""
    found: list[tuple[str, str, Any]] = []
    for part, field in FIELDS:
        low, high = field.metadata["low"], field.metadata["high"]
        is_float = isinstance(field.default, float)
        if field.metadata["choices"]:
            found += [(part, field.name, value) for value in ("", "nothing", str(field.default).upper())]
        if low is not None:
            found.append((part, field.name, low - 0.001 if is_float else low - 1))
        if high is not None:
            found.append((part, field.name, high + 0.001 if is_float else high + 1))
        if is_float:
            found += [(part, field.name, value) for value in (math.nan, math.inf, -math.inf)]
    return found


@pytest.mark.parametrize(("part", "name", "value"), violations())
def test_each_bound_and_choice(part: str, name: str, value: Any, path: pathlib.Path) -> None:
    with pytest.raises(InputError) as error:
        KINDS[part](**{name: value})
    assert str(error.value).startswith(f"{name} is {value!r}, expected ")
    write(path, part, {name: value})
    with pytest.raises(InputError) as error:
        config.load(path)
    assert str(error.value).startswith(f"{path}: {name} is {value!r}, expected ")


@pytest.mark.parametrize(("part", "field"), FIELDS, ids=lambda value: getattr(value, "name", value))
def test_bounds_themselves_are_allowed(part: str, field: dataclasses.Field) -> None:
    for bound in (field.metadata["low"], field.metadata["high"]):
        if bound is not None:
            assert getattr(KINDS[part](**{field.name: bound}), field.name) == bound


def write(path: pathlib.Path, part: str, changed: dict[str, Any]) -> None:
    record = {"model": dataclasses.asdict(ModelConfig()), "train": dataclasses.asdict(TrainConfig())}
    record[part].update(changed)
    path.write_text(json.dumps(record))


WRONG: dict[type, list[Any]] = {
    bool: [1, "true", None],
    int: [1.5, True, "1", None],
    float: [True, "1", None],
    str: [1, None, ["gru"]],
}


@pytest.mark.parametrize(("part", "field"), FIELDS, ids=lambda value: getattr(value, "name", value))
def test_wrong_types(part: str, field: dataclasses.Field, path: pathlib.Path) -> None:
    kind = type(field.default)
    for value in WRONG[kind]:
        write(path, part, {field.name: value})
        with pytest.raises(InputError) as error:
            config.load(path)
        assert (
            str(error.value) == f"{path}: {field.name} is {value!r}, expected a value of type {kind.__name__}"
        )


def test_a_whole_number_will_do_for_a_float(path: pathlib.Path) -> None:
    write(path, "train", {"relation_weight": 3})
    assert config.load(path)[1].relation_weight == 3.0


def test_unknown_key(path: pathlib.Path) -> None:
    write(path, "train", {"momentum": 0.9})
    with pytest.raises(
        InputError, match=r"config\.json: momentum is not a field of this version's TrainConfig"
    ):
        config.load(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "expected an object with the keys model and train"),
        ('{"model": {}}', "expected an object with the keys model and train"),
        ('{"model": {}, "train": {}, "more": {}}', "expected an object with the keys model and train"),
        ('{"model": 3, "train": {}}', "expected an object, found 3"),
        ('{"model": {},\n "train": }', "line 2: .* expected JSON"),
    ],
)
def test_other_shapes(text: str, message: str, path: pathlib.Path) -> None:
    path.write_text(text)
    with pytest.raises(InputError, match=rf"config\.json: {message}"):
        config.load(path)


def test_missing_file(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"config\.json: can't be read: No such file"):
        config.load(tmp_path / "config.json")


def test_configs_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(ModelConfig(), "rnn_size", 3)  # noqa: B010 (a plain assignment is no valid typing)


def test_paths_can_be_opened_from_everywhere(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    for name in ("enc", "a, b", "no encoder"):
        (here / name).mkdir(parents=True)
        (here / name / "saved_model.pb").write_text("")
    (here / "no encoder" / "saved_model.pb").unlink()
    home.mkdir()
    for name in ("vec.txt", "vec.zip"):
        (home / name).write_text("")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(here)
    for encoder, expected in {
        "enc": f"{here}/enc",
        "minilm, ./enc": f"minilm,{here}/enc",
        "../here/enc": f"{here}/../here/enc",
        "a, b": f"{here}/a, b",
        "no encoder": "no encoder",
        "minilm, mpnet": "minilm, mpnet",
        "": "",
        "https://tfhub.dev/google/elmo/3": "https://tfhub.dev/google/elmo/3",
        f"{here}/enc": f"{here}/enc",
        "x" * 5000: "x" * 5000,
    }.items():
        kept = config_paths.with_absolute_paths(ModelConfig(encoder=encoder))
        assert (kept.encoder, kept.glove) == (expected, "glove-6b-50d")
        assert config_paths.with_absolute_paths(kept) == kept
    for glove, expected in {
        "~/vec.txt": f"{home}/vec.txt",
        "~/vec.zip:a.txt": f"{home}/vec.zip:a.txt",
        "../home/vec.txt": f"{here}/../home/vec.txt",
        "vec.txt": "vec.txt",
        "": "",
    }.items():
        assert config_paths.with_absolute_paths(ModelConfig(encoder="", glove=glove)).glove == expected
    with pytest.raises(InputError, match=r"^~nobody-of-this-name/x: "):
        config_paths.with_absolute_paths(ModelConfig(glove="~nobody-of-this-name/x"))


def test_names_of_the_catalogue_are_no_paths(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the working folder holds; a file is no encoder, whatever its name."""
    for name in ("minilm", "glove-6b-50d", "enc"):
        (tmp_path / name).write_text("")
    (tmp_path / "mpnet").mkdir()
    (tmp_path / "mpnet" / "saved_model.pb").write_text("")
    monkeypatch.chdir(tmp_path)
    for encoder in ("minilm", "mpnet", "minilm,mpnet", "enc"):
        given = ModelConfig(encoder=encoder)
        assert config_paths.with_absolute_paths(given) == given
    kept = config_paths.with_absolute_paths(ModelConfig(encoder="./mpnet", glove="./glove-6b-50d"))
    assert (kept.encoder, kept.glove) == (f"{tmp_path}/mpnet", f"{tmp_path}/glove-6b-50d")
