"""The reference's side of benchmarks.encoders.tokenizers; runs in an environment of its own.

It needs transformers, tokenizers, sentencepiece and protobuf.
"""

from __future__ import annotations

import json
import pathlib
import sys
import types
from collections.abc import Callable
from typing import Any

import sentencepiece
import tokenizers
import transformers
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers.convert_slow_tokenizer import DebertaV2Converter, SentencePieceExtractor

_PIECES, _BATCH = 8000, 500
_FAIRSEQ = "sentencepiece.bpe.model"
_DEBERTA: dict[str, Any] = {
    **{"pad_id": 0, "bos_id": 1, "eos_id": 2, "unk_id": 3, "byte_fallback": True},
    **{"pad_piece": "[PAD]", "bos_piece": "[CLS]", "eos_piece": "[SEP]", "unk_piece": "[UNK]"},
}


def main() -> None:
    """Answers one line after the other: the text and the words, then the name of a tokenizer."""
    text, words = pathlib.Path(), {}
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, Any]
        if "text" in request:
            text = pathlib.Path(request["text"])
            words = json.loads(pathlib.Path(request["words"]).read_text(encoding="utf-8"))
            versions = (transformers, tokenizers, sentencepiece)
            answer = {
                "versions": [f"{module.__name__} {module.__version__}" for module in versions],
                "names": list(_MAKERS),
            }
        else:
            folder = text.parent / request["name"]
            folder.mkdir()
            tokenizer, architecture = _MAKERS[request["name"]](folder, text)
            _write(folder / "config.json", {"model_type": architecture})
            answer = {
                "size": tokenizer.get_vocab_size() + 10,
                "folders": [str(path.parent) for path in sorted(folder.rglob("config.json"))],
                "ids": {name: _ids(tokenizer, given) for name, given in words.items()},
                "otherwise": _normalised_otherwise(folder, tokenizer, words),
            }
        print(json.dumps(answer), flush=True)


def _ids(tokenizer: Tokenizer, words: list[str]) -> list[list[int]]:
    """Of each word, as with `is_split_into_words`; special tokens are text."""
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    tokenizer.no_padding()
    ids: list[list[int]] = [[] for _ in words]
    for i in range(0, len(words), _BATCH):
        encoded = tokenizer.encode(words[i : i + _BATCH], is_pretokenized=True, add_special_tokens=False)
        for number, word in zip(encoded.ids, encoded.word_ids, strict=True):
            ids[i + word].append(number)
    return ids


def _normalised_otherwise(
    folder: pathlib.Path, tokenizer: Tokenizer, words: dict[str, list[str]]
) -> dict[str, list[int]]:
    """The numbers of the words that SentencePiece itself normalises in another way than `tokenizers`."""
    paths = list(folder.glob("*.model"))
    if not paths:
        return {}
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(paths[0].read_bytes())
    theirs = normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap)
    model.normalizer_spec.add_dummy_prefix = False
    model.normalizer_spec.remove_extra_whitespaces = False
    model.normalizer_spec.escape_whitespaces = False
    own = sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())
    lowered = '"Lowercase"' in tokenizer.to_str()
    prepared = normalizers.Lowercase().normalize_str if lowered else str
    return {
        name: [
            i
            for i, word in enumerate(map(prepared, given))
            if theirs.normalize_str(word) != own.normalize(word)
        ]
        for name, given in words.items()
    }


def _write(path: pathlib.Path, content: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def _also_json(folder: pathlib.Path, tokenizer: Tokenizer, architecture: str) -> None:
    """The same tokenizer as tokenizer.json."""
    _write(folder / "json" / "tokenizer.json", json.loads(tokenizer.to_str()))
    _write(folder / "json" / "config.json", {"model_type": architecture})


def _train(path: pathlib.Path, text: pathlib.Path, size: int = _PIECES, **options: Any) -> None:
    prefix = path.with_name("trained")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(prefix), vocab_size=size, hard_vocab_limit=False, num_threads=1,
        minloglevel=2, max_sentence_length=100_000, character_coverage=0.9995, **options,
    )  # fmt: skip
    prefix.with_suffix(".model").rename(path)


def _xlm_roberta(folder: pathlib.Path, text: pathlib.Path) -> tuple[Tokenizer, str]:
    _train(folder / _FAIRSEQ, text)
    _write(folder / "config.json", {"model_type": "xlm-roberta"})
    tokenizer = transformers.XLMRobertaTokenizer.from_pretrained(folder)._tokenizer
    _also_json(folder, tokenizer, "xlm-roberta")
    return tokenizer, "xlm-roberta"


def _camembert(folder: pathlib.Path, text: pathlib.Path) -> tuple[Tokenizer, str]:
    _train(folder / _FAIRSEQ, text, _PIECES // 2)
    _write(folder / "config.json", {"model_type": "camembert"})
    return transformers.CamembertTokenizer.from_pretrained(folder)._tokenizer, "camembert"


def _deberta(lowercase: bool) -> Callable[[pathlib.Path, pathlib.Path], tuple[Tokenizer, str]]:
    """With the model's table of normalisation, as transformers' converter; uncased with split_by_punct."""

    def make(folder: pathlib.Path, text: pathlib.Path) -> tuple[Tokenizer, str]:
        _train(folder / "spm.model", text, **_DEBERTA)
        settings = {"do_lower_case": lowercase, "split_by_punct": lowercase}
        _write(folder / "tokenizer_config.json", settings)
        slow = types.SimpleNamespace(
            vocab_file=str(folder / "spm.model"),
            convert_tokens_to_ids={"[CLS]": 1, "[SEP]": 2}.get,
            **settings,
        )
        tokenizer = DebertaV2Converter(slow).converted()
        _also_json(folder, tokenizer, "deberta-v2")
        return tokenizer, "deberta-v2"

    return make


def _deberta_nfc(folder: pathlib.Path, text: pathlib.Path) -> tuple[Tokenizer, str]:
    """The tokenizer.json that transformers 5 writes, with NFC in the place of the model's table."""
    source = folder / "source"
    _write(source / "config.json", {"model_type": "deberta-v2"})
    _train(source / "spm.model", text, **_DEBERTA)
    tokenizer = transformers.DebertaV2Tokenizer.from_pretrained(source)._tokenizer
    (source / "config.json").unlink()
    _write(folder / "tokenizer.json", json.loads(tokenizer.to_str()))
    return tokenizer, "deberta-v2"


def _sentencepiece_bpe(folder: pathlib.Path, text: pathlib.Path) -> tuple[Tokenizer, str]:
    _train(folder / "tokenizer.model", text, model_type="bpe")
    extractor = SentencePieceExtractor(str(folder / "tokenizer.model"))
    ids = {piece.piece: i for i, piece in enumerate(extractor.proto.pieces)}
    merges = extractor.extract(models.BPE)["merges"]
    tokenizer = Tokenizer(models.BPE(ids, list(map(tuple, merges)), unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Strip(),
            normalizers.Precompiled(extractor.proto.normalizer_spec.precompiled_charsmap),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer, "llama"


def _bytes(text: pathlib.Path, specials: list[str], normalizer: Any = None) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=bool(specials))
    trainer = trainers.BpeTrainer(
        vocab_size=10_000, special_tokens=specials, min_frequency=2, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train([str(text)], trainer)
    return tokenizer


def _roberta(folder: pathlib.Path, text: pathlib.Path) -> tuple[Tokenizer, str]:
    _bytes(text, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]).model.save(str(folder))
    _write(folder / "config.json", {"model_type": "roberta"})
    read = transformers.RobertaTokenizer.from_pretrained
    _also_json(folder, read(folder, add_prefix_space=False)._tokenizer, "roberta")
    return read(folder, add_prefix_space=True)._tokenizer, "roberta"


def _modernbert(folder: pathlib.Path, text: pathlib.Path) -> tuple[Tokenizer, str]:
    tokenizer = _bytes(text, [], normalizers.NFC())
    added = ["|||IP_ADDRESS|||", *(" " * spaces for spaces in range(24, 1, -1)), "|||EMAIL_ADDRESS|||"]
    tokenizer.add_tokens([AddedToken(token, normalized=True) for token in (*added, "[unused0]")])
    tokenizer.add_special_tokens(["[UNK]", "[CLS]", "[SEP]", "[PAD]", AddedToken("[MASK]", lstrip=True)])
    ends = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=ends
    )
    _write(folder / "tokenizer.json", json.loads(tokenizer.to_str()))
    return tokenizer, "modernbert"


def _word_piece(lowercase: bool) -> Callable[[pathlib.Path, pathlib.Path], tuple[Tokenizer, str]]:
    def make(folder: pathlib.Path, text: pathlib.Path) -> tuple[Tokenizer, str]:
        trained = tokenizers.BertWordPieceTokenizer(lowercase=lowercase)
        trained.train([str(text)], vocab_size=6000, show_progress=False)
        _write(folder / "tokenizer.json", json.loads(trained.to_str()))
        return trained._tokenizer, "distilbert"

    return make


_MAKERS: dict[str, Callable[[pathlib.Path, pathlib.Path], tuple[Tokenizer, str]]] = {
    "xlm-roberta": _xlm_roberta,
    "camembert": _camembert,
    "deberta-v2": _deberta(False),
    "deberta-v2 uncased": _deberta(True),
    "deberta-v2 NFC": _deberta_nfc,
    "SentencePiece BPE": _sentencepiece_bpe,
    "roberta": _roberta,
    "modernbert": _modernbert,
    "WordPiece uncased": _word_piece(True),
    "WordPiece cased": _word_piece(False),
}

if __name__ == "__main__":
    main()
