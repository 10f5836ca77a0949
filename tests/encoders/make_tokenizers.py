"""Makes tests/fixtures/encoders/tokenizers: tiny tokenizers, and the ids that the reference gives.

Not part of the package's environment. Made with transformers 5.24.0, tokenizers 0.23.3 and sentencepiece
0.2.3, from the root:

  python -m venv /tmp/reference && /tmp/reference/bin/pip install transformers sentencepiece protobuf
  /tmp/reference/bin/python tests/encoders/make_tokenizers.py

Each folder is a checkpoint's without weights; ids.json beside them has the words and, for each folder, the
ids of each word (`is_split_into_words`; special tokens are text). NAME_json has NAME's tokenizer as
tokenizer.json. DeBERTa's reference is the converter of transformers, which applies the model's table of
normalisation; its own tokenizer in version 5 has NFC in its place, and is here as deberta_nfc, the
tokenizer.json that it writes.
"""

from __future__ import annotations

import json
import pathlib
import random
import shutil
import tempfile
import types
import unicodedata

import sentencepiece
import tokenizers
import transformers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers.convert_slow_tokenizer import DebertaV2Converter

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "encoders"
FOLDER = FIXTURES / "tokenizers"
SENTENCES: list[list[str]] = json.loads((FIXTURES / "sentences.json").read_text(encoding="utf-8"))
TEXT = [" ".join(sentence) for sentence in SENTENCES] * 3
DEBERTA_PIECES = {
    **{"pad_id": 0, "bos_id": 1, "eos_id": 2, "unk_id": 3},
    **{"pad_piece": "[PAD]", "bos_piece": "[CLS]", "eos_piece": "[SEP]", "unk_piece": "[UNK]"},
}

RULES = {
    **{c: unicodedata.normalize("NFKC", c) for c in "ﬁ½ＡＢＣａｂｃ①™\u3000\u00a0\u2009"},
    **{"e\u0301": "é", "\u1112\u1161": "하"},
    **dict.fromkeys("\t\n\r\u200b\u2581", " "),
    **dict.fromkeys("\x01\x02\x7f", ""),
}


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    references = {}
    for name, class_ in (
        ("xlm-roberta", transformers.XLMRobertaTokenizer),
        ("camembert", transformers.CamembertTokenizer),
    ):
        folder = make_folder(name, name)
        train_pieces(folder / "sentencepiece.bpe.model", 500)
        references[name] = class_.from_pretrained(folder)._tokenizer
    write_tokenizer(make_folder("xlm-roberta_json", "xlm-roberta"), references["xlm-roberta"])

    for name, settings in (
        ("deberta", {"do_lower_case": False, "split_by_punct": False}),
        ("deberta_uncased", {"do_lower_case": True, "split_by_punct": True}),
    ):
        folder = make_folder(name, "deberta-v2")
        train_pieces(folder / "spm.model", 600, byte_fallback=True, **DEBERTA_PIECES)
        write_json(folder / "tokenizer_config.json", settings)
        slow = types.SimpleNamespace(
            vocab_file=str(folder / "spm.model"),
            convert_tokens_to_ids={"[CLS]": 1, "[SEP]": 2}.get,
            **settings,
        )
        references[name] = DebertaV2Converter(slow).converted()
    tokenizer = transformers.DebertaV2Tokenizer.from_pretrained(FOLDER / "deberta")._tokenizer
    write_tokenizer(make_folder("deberta_nfc", "deberta-v2"), tokenizer)
    references["deberta_nfc"] = tokenizer

    folder = make_folder("roberta", "roberta")
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    train_bytes(True, 600, specials).model.save(str(folder))
    tokenizer = transformers.RobertaTokenizer.from_pretrained(folder, add_prefix_space=False)._tokenizer
    write_tokenizer(make_folder("roberta_json", "roberta"), tokenizer)
    tokenizer = transformers.RobertaTokenizer.from_pretrained(folder, add_prefix_space=True)._tokenizer
    references["roberta"] = tokenizer

    references["modernbert"] = make_modernbert()
    tokenizer = tokenizers.BertWordPieceTokenizer(lowercase=True)
    tokenizer.train_from_iterator(TEXT, vocab_size=500, show_progress=False)
    write_tokenizer(make_folder("distilbert", "distilbert"), tokenizer._tokenizer)
    references["distilbert"] = tokenizer._tokenizer

    words = make_words()
    ids = {name: word_ids(tokenizer, words) for name, tokenizer in references.items()}
    write_json(FOLDER / "ids.json", {"words": words, "ids": ids})


def make_folder(name: str, model_type: str) -> pathlib.Path:
    folder = FOLDER / name
    folder.mkdir(parents=True)
    write_json(folder / "config.json", {"model_type": model_type})
    return folder


def train_pieces(path: pathlib.Path, size: int, **options: object) -> None:
    """A model with a small part of the usual table of normalisation, which is 240 kB."""
    with tempfile.TemporaryDirectory() as folder:
        rules = pathlib.Path(folder) / "rules.tsv"
        rules.write_text("".join(f"{code_points(old)}\t{code_points(new)}\n" for old, new in RULES.items()))
        prefix = str(pathlib.Path(folder) / "model")
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(TEXT), model_prefix=prefix, vocab_size=size, num_threads=1, minloglevel=2,
            character_coverage=0.98, hard_vocab_limit=False, normalization_rule_tsv=str(rules), **options,
        )  # fmt: skip
        shutil.copyfile(f"{prefix}.model", path)


def code_points(text: str) -> str:
    return " ".join(f"{ord(c):X}" for c in text)


def train_bytes(prefix: bool, size: int, specials: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


def make_modernbert() -> Tokenizer:
    tokenizer = train_bytes(False, 600, [])
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_tokens(
        [AddedToken(text, normalized=True) for text in ("|||EMAIL_ADDRESS|||", "    ", "  ", "[unused0]")]
    )
    tokenizer.add_special_tokens(["[UNK]", "[CLS]", "[SEP]", "[PAD]", AddedToken("[MASK]", lstrip=True)])
    names = {name: tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]")}
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=list(names.items())
    )
    folder = make_folder("modernbert", "modernbert")
    write_tokenizer(folder, tokenizer)
    write_json(
        folder / "tokenizer_config.json", {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    )
    return tokenizer


def make_words() -> list[str]:
    """Words of the sentences, odd ones, and random ones of characters of which no table is in doubt."""
    words = list(dict.fromkeys(word for sentence in SENTENCES for word in sentence))
    words += [
        "'s",
        "it's",
        "a'sb",
        "don't",
        " a",
        "a ",
        " ",
        "\t",
        "a b",
        "a  b",
        "a \t\n b",
        "\u3000",
        "▁",
        "▁a▁▁b",
    ]
    words += [
        "x|||EMAIL_ADDRESS|||y",
        "[unused0]",
        "a    b",
        "a   b",
        "[CLS",
        "---------",
        "***Do",
        "a" * 300,
    ]
    words += [
        "e\u0301",
        "ﬁn½",
        "ＡＢ",
        "ΑΣ",
        "İI",
        "👩‍🔬",
        "👍🏽",
        "🇯🇵",
        "\x01a",
        "\u200b",
        "a\u200bb",
        "한국",
        "\u1112\u1161",
    ]
    generator = random.Random(0)
    alphabet = "aabcdeeinorstABC019.,-'\"() \u00a0\u2009éüñßабвアイ日本한ﬁ½\u2581"
    for _ in range(300):
        words.append("".join(generator.choice(alphabet) for _ in range(generator.randint(1, 12))))
    return words


def word_ids(tokenizer: Tokenizer, words: list[str]) -> list[list[int]]:
    tokenizer.encode_special_tokens = True
    encoded = tokenizer.encode(words, is_pretokenized=True, add_special_tokens=False)
    ids: list[list[int]] = [[] for _ in words]
    for i, word in zip(encoded.ids, encoded.word_ids, strict=True):
        ids[word].append(i)
    return ids


def write_tokenizer(folder: pathlib.Path, tokenizer: Tokenizer) -> None:
    write_json(folder / "tokenizer.json", json.loads(tokenizer.to_str()))


def write_json(path: pathlib.Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
