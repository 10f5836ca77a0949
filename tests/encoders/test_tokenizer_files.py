"""Tokenizers of checkpoints against the reference's ids (tests/encoders/make_tokenizers.py)."""

from __future__ import annotations

import concurrent.futures
import functools
import json
import pathlib
import shutil
from typing import Any

import pytest
import tensorflow as tf

from jner_re.encoders import tokenizer_files, vocabularies
from jner_re.encoders.vocabularies import Vocabulary
from jner_re.errors import InputError

_FOLDER = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "encoders" / "tokenizers"
_NAMES = sorted(path.name for path in _FOLDER.iterdir() if path.is_dir())
_FAIRSEQ = {"cls_token": "<s>", "sep_token": "</s>", "unk_token": "<unk>"}
_BERT = {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
_MOST = 1000


def _read(folder: pathlib.Path, most: int = _MOST) -> Vocabulary:
    is_fairseq = folder.name.startswith(("xlm", "camembert", "roberta"))
    return tokenizer_files.read(folder, _FAIRSEQ if is_fairseq else _BERT, most)


@functools.cache
def _reference() -> dict[str, Any]:
    return json.loads((_FOLDER / "ids.json").read_text(encoding="utf-8"))


def _expected(name: str, unknown: int) -> list[list[int]]:
    return [ids or [unknown] for ids in _reference()["ids"][name]]


class _Saved(tf.Module):
    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._tokenizer = vocabulary.tokenizer()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def ids(self, words: tf.Tensor) -> tf.RaggedTensor:
        return self._tokenizer(words)


@pytest.mark.parametrize("name", [name for name in _NAMES if not name.endswith("_json")])
def test_equals_the_reference(name: str) -> None:
    vocabulary = _read(_FOLDER / name)
    unknown = {"distilbert": 1, "modernbert": 604}.get(name, 3)
    tokenizer = tf.function(vocabulary.tokenizer())
    actual = tokenizer(tf.constant(_reference()["words"])).to_list()
    different = [
        (word, expected, ids)
        for word, expected, ids in zip(_reference()["words"], _expected(name, unknown), actual, strict=True)
        if ids != expected
    ]
    assert not different


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        *(("xlm-roberta", 0, 2), ("xlm-roberta_json", 0, 2), ("camembert", 5, 6), ("deberta", 1, 2)),
        *(("deberta_nfc", 1, 2), ("roberta", 0, 2), ("roberta_json", 0, 2), ("distilbert", 2, 3)),
        ("modernbert", 605, 606),
    ],
)
def test_special_tokens(name: str, first: int, last: int) -> None:
    vocabulary = _read(_FOLDER / name)
    assert (vocabulary.first, vocabulary.last) == (first, last)


@pytest.mark.parametrize("name", ["roberta", "xlm-roberta"])
def test_tokenizer_json_says_the_same(name: str) -> None:
    assert _read(_FOLDER / f"{name}_json") == _read(_FOLDER / name)


@pytest.mark.parametrize("name", _NAMES)
def test_json_and_back(name: str) -> None:
    vocabulary = _read(_FOLDER / name)
    values = json.loads(json.dumps(vocabularies.to_json(vocabulary)))
    assert vocabularies.from_json(values) == vocabulary
    assert ("kind" in values) == (name != "distilbert")


def test_saved_models_of_one_process_keep_their_models(tmp_path: pathlib.Path) -> None:
    """And answer many threads; what was loaded can be saved again."""
    names = ["xlm-roberta", "deberta"]
    for name in names:
        tf.saved_model.save(_Saved(_read(_FOLDER / name)), str(tmp_path / name))
    tf.saved_model.save(tf.saved_model.load(str(tmp_path / names[0])), str(tmp_path / "again"))
    shutil.rmtree(tmp_path / names[0])
    (tmp_path / "again").rename(tmp_path / names[0])
    models = {name: tf.saved_model.load(str(tmp_path / name)) for name in names}

    def ids(name: str) -> list[list[int]]:
        return models[name].ids(tf.constant(_reference()["words"])).to_list()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for name, actual in zip(names * 4, pool.map(ids, names * 4), strict=True):
            assert actual == _expected(name, 3)


@pytest.mark.parametrize("name", ["xlm-roberta", "deberta", "roberta", "modernbert"])
def test_odd_batches(name: str) -> None:
    tokenizer = _read(_FOLDER / name).tokenizer()
    assert tokenizer(tf.constant([], tf.string)).shape[0] == 0
    assert all(len(ids) == 1 for ids in tokenizer(tf.constant([""])).to_list())
    assert tokenizer(tf.constant([b"a\xffb"])).to_list() == tokenizer(tf.constant(["a\ufffdb"])).to_list()


def test_a_word_between_added_tokens_keeps_its_place() -> None:
    vocabulary = _read(_FOLDER / "modernbert")
    added = dict(vocabulary.added)
    words = ["ab", "[unused0]ab[unused0][unused0]", "[unused0]", "b    a"]
    (ab,), (b,), (a,) = vocabulary.tokenizer()(tf.constant(["ab", "b", "a"])).to_list()
    unused = added["[unused0]"]
    assert vocabulary.tokenizer()(tf.constant(words)).to_list() == [
        [ab],
        [unused, ab, unused, unused],
        [unused],
        [b, added["    "], a],
    ]


def _change(name: str, tmp_path: pathlib.Path, **changes: Any) -> pathlib.Path:
    """A copy of a folder with fields of tokenizer.json changed, `model__x` for one of the model."""
    folder = tmp_path / name
    shutil.copytree(_FOLDER / name, folder)
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    for field, value in changes.items():
        inner = content
        *parents, last = field.split("__")
        for parent in parents:
            inner = inner[int(parent) if parent.isdigit() else parent]
        inner[last] = value
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("roberta_json", {"model__dropout": 0.1}, "dropout is 0.1, which is not supported"),
        ("roberta_json", {"model__ignore_merges": True}, "ignore_merges is True"),
        ("roberta_json", {"pre_tokenizer": {"type": "Metaspace"}}, "expected SentencePiece's model file"),
        ("roberta_json", {"pre_tokenizer__use_regex": False}, "pre_tokenizer .* is not supported"),
        ("roberta_json", {"normalizer": {"type": "Nmt"}}, "normalizer {'type': 'Nmt'} is not supported"),
        ("roberta_json", {"model__merges": ["x y"]}, "needs 'xy', expected in the vocabulary"),
        ("roberta_json", {"model__type": "WordLevel"}, "'WordLevel', expected WordPiece, Unigram or BPE"),
        ("xlm-roberta_json", {"model__byte_fallback": True}, "byte_fallback is true"),
        ("xlm-roberta_json", {"model__unk_id": None}, "unk_id is None"),
        ("xlm-roberta_json", {"model__vocab": [1]}, "damaged"),
        (
            "xlm-roberta_json",
            {"normalizer": {"type": "Replace", "pattern": {"Regex": "a+"}, "content": ""}},
            r"'Regex': 'a\+'.* is not supported",
        ),
        (
            "modernbert",
            {"added_tokens__0__single_word": True},
            "added token .* has single_word",
        ),
        (
            "distilbert",
            {"pre_tokenizer": {"type": "Whitespace"}},
            "'Whitespace', expected 'BertPreTokenizer'",
        ),
    ],
)
def test_what_is_not_supported(
    name: str, changes: dict[str, Any], message: str, tmp_path: pathlib.Path
) -> None:
    folder = _change(name, tmp_path, **changes)
    with pytest.raises(InputError, match=message) as error:
        _read(folder)
    assert str(folder / "tokenizer.json") in str(error.value)


@pytest.mark.parametrize("name", _NAMES)
def test_too_many_subwords(name: str) -> None:
    with pytest.raises(InputError, match=r"expected at most vocab_size \(400 in config.json\)"):
        _read(_FOLDER / name, 400)


def test_missing_special_token(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "roberta"
    shutil.copytree(_FOLDER / "roberta", folder)
    (folder / "tokenizer_config.json").write_text('{"cls_token": {"content": "<cls>"}}')
    with pytest.raises(InputError, match="cls_token is '<cls>', expected a token of the file"):
        _read(folder)


def test_no_tokenizer(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"has no tokenizer, expected vocab.txt, tokenizer.json, spm.model"):
        _read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"text", b"\x0a\xff\x01", b"\x08\x01"])
def test_damaged_model(content: bytes, tmp_path: pathlib.Path) -> None:
    (tmp_path / "spm.model").write_bytes(content)
    with pytest.raises(InputError, match=r"spm.model: can't be read as a model of SentencePiece"):
        _read(tmp_path)
