from __future__ import annotations

import json
import pathlib

import pytest

from jner_re.encoders import bert, mpnet
from jner_re.encoders.saved_encoder import content_hash
from jner_re.encoders.vocabulary import SubwordVocabulary, read_vocabulary
from jner_re.errors import InputError

_BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##b"]


def _read(
    folder: pathlib.Path,
    lines: list[str],
    special_tokens: dict[str, str] = bert.SPECIAL_TOKENS,
    **settings: object,
) -> SubwordVocabulary:
    (folder / "vocab.txt").write_bytes("".join(f"{line}\n" for line in lines).encode())
    if settings:
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return read_vocabulary(folder, special_tokens, 100)


def test_bert(tmp_path: pathlib.Path) -> None:
    vocabulary = _read(tmp_path, _BERT)
    assert vocabulary.subwords == tuple(_BERT)
    assert (vocabulary.first, vocabulary.last, vocabulary.unknown) == (2, 3, "[UNK]")


def test_mpnet(tmp_path: pathlib.Path) -> None:
    vocabulary = _read(tmp_path, ["<s>", "<pad>", "</s>", "<unk>", "[UNK]"], mpnet.SPECIAL_TOKENS)
    assert (vocabulary.first, vocabulary.last, vocabulary.unknown) == (0, 2, "[UNK]")


def test_special_tokens_of_the_checkpoint(tmp_path: pathlib.Path) -> None:
    (tmp_path / "special_tokens_map.json").write_text(
        json.dumps({"sep_token": {"content": "a", "lstrip": False}, "cls_token": "##b"})
    )
    vocabulary = _read(tmp_path, _BERT, cls_token="[PAD]", unk_token=None)
    assert (vocabulary.first, vocabulary.last, vocabulary.unknown) == (0, 4, "[UNK]")


@pytest.mark.parametrize(
    ("settings", "lines", "lowercase", "strip_accents"),
    [
        ({"do_lower_case": True}, [*_BERT, "A"], True, True),
        ({"do_lower_case": False}, _BERT, False, False),
        ({}, _BERT, True, True),
        ({}, [*_BERT, "A"], False, False),
        ({}, [*_BERT, "##É"], False, False),
        ({"do_lower_case": True, "strip_accents": False}, _BERT, True, False),
        ({"do_lower_case": False, "strip_accents": True}, _BERT, False, True),
        ({"do_lower_case": True, "strip_accents": None}, _BERT, True, True),
    ],
)
def test_casing(
    tmp_path: pathlib.Path,
    settings: dict[str, object],
    lines: list[str],
    lowercase: bool,
    strip_accents: bool,
) -> None:
    vocabulary = _read(tmp_path, lines, **settings)
    assert (vocabulary.lowercase, vocabulary.strip_accents) == (lowercase, strip_accents)


def test_ideographs(tmp_path: pathlib.Path) -> None:
    assert _read(tmp_path, _BERT).split_cjk
    assert not _read(tmp_path, _BERT, tokenize_chinese_chars=False).split_cjk


def test_lines_end_at_line_feeds_only(tmp_path: pathlib.Path) -> None:
    vocabulary = _read(tmp_path, [*_BERT, "\u2028", "\u0085", "c\r", ""])
    assert vocabulary.subwords == (*_BERT, "\u2028", "\u0085", "c", "")


def test_of_a_repeated_line_the_last_counts(tmp_path: pathlib.Path) -> None:
    subwords = _read(tmp_path, [*_BERT, "a", "a"]).subwords
    assert subwords.index("a") == 7
    assert len(set(subwords)) == 8


@pytest.mark.parametrize("missing", ["[CLS]", "[SEP]", "[UNK]"])
def test_special_token_not_in_the_vocabulary(tmp_path: pathlib.Path, missing: str) -> None:
    with pytest.raises(InputError, match=rf"vocab\.txt: \w+_token is '\[{missing[1:-1]}\]', expected a line"):
        _read(tmp_path, [line for line in _BERT if line != missing])


def test_missing_file(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"vocab\.txt: can't be read"):
        read_vocabulary(tmp_path, bert.SPECIAL_TOKENS, 100)


def test_settings_of_another_shape(tmp_path: pathlib.Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text("[]")
    with pytest.raises(InputError, match=r"tokenizer_config\.json: is list, expected a JSON object"):
        _read(tmp_path, _BERT)


def test_the_hash_of_an_encoder_stays_what_it_was() -> None:
    """Models name their encoders by it."""
    vocabulary = SubwordVocabulary(("a", "##b"), 0, 0, "a", True, False, True)
    assert (
        content_hash("ab", "mean", [1, 2.5], vocabulary)
        == "c2f37b9bf652b1e266da71345c7eba5863b022df878e5b31784f51677e610b36"
    )
    assert (
        content_hash("ab", "mean", [], None)
        == "356d8dc1e258a3c543f6516a49535c4cc4847bc39bebffdd8b9226407834549d"
    )
