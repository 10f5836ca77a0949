"""Makes the encoders' fixtures: tiny checkpoints, and vectors that PyTorch's transformers gives.

Not part of the package's environment. Made with torch 2.13.0 and transformers 5.23.0, from the root:

  python -m venv /tmp/torch && /tmp/torch/bin/pip install torch transformers safetensors
  /tmp/torch/bin/python tests/encoders/make_reference.py --minilm=FOLDER --mpnet=FOLDER

FOLDER is a checkpoint in the Hugging Face layout (`jner_re.assets.catalogue.fetch` gets them). Without a
folder only the tiny checkpoints and their vectors are made.

Vectors are of words: the mean over a word's subwords, in every layer. To keep the files small,
`projected_i` of sentence i is [T, L], the vectors' products with `signs` [D], which are random, divided by
the root of D, and only a few words are given in full: `words` [n, 2] (sentence, word), `vectors` [n, L, D].
The signs weigh every number of a vector alike, so that no error can hide from them in all words.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import unicodedata

import numpy as np
import torch
import transformers

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "encoders"
SENTENCES: list[list[str]] = json.loads((FIXTURES / "sentences.json").read_text(encoding="utf-8"))
FULL_WORDS = {"minilm": [(0, 12), (12, 0), (49, 100)], "mpnet": [(0, 12), (49, 100)]}
TINY = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name in ("minilm", "mpnet"):
        parser.add_argument(f"--{name}", type=pathlib.Path)
    arguments = parser.parse_args()

    make_tiny_bert(FIXTURES / "tiny_bert")
    make_tiny_mpnet(FIXTURES / "tiny_mpnet")
    for name, positions in (("tiny_bert", 40), ("tiny_mpnet", 40)):
        vectors = word_vectors(FIXTURES / name, positions)
        words = [(i, t) for i in list(vectors)[::4] for t in range(len(SENTENCES[i]))]
        save(name, vectors, words)
    for name in ("minilm", "mpnet"):
        if folder := getattr(arguments, name):
            save(name, word_vectors(folder, 512), FULL_WORDS[name])


def word_vectors(folder: pathlib.Path, positions: int) -> dict[int, np.ndarray]:
    """Sentence -> [T, L, D]; sentences of more subwords than there are positions are left out."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
    vectors = {}
    for i, sentence in enumerate(SENTENCES):
        encoded = tokenizer(sentence, is_split_into_words=True, return_tensors="pt")
        if encoded["input_ids"].shape[1] > positions:
            continue
        with torch.no_grad():
            layers = torch.stack(model(**encoded, output_hidden_states=True).hidden_states, dim=2)[0].numpy()
        owners = np.array([-1 if word is None else word for word in encoded.word_ids()])
        vectors[i] = np.stack([layers[owners == word].mean(axis=0) for word in range(len(sentence))])
    return vectors


def save(name: str, vectors: dict[int, np.ndarray], words: list[tuple[int, int]]) -> None:
    width = next(iter(vectors.values())).shape[-1]
    signs = np.random.RandomState(0).choice([-1.0, 1.0], width).astype(np.float32)
    arrays = {f"projected_{i}": value @ signs / np.float32(width**0.5) for i, value in vectors.items()}
    full = np.stack([vectors[i][t] for i, t in words])
    np.savez_compressed(FIXTURES / f"{name}.npz", signs=signs, words=np.array(words), vectors=full, **arrays)


def make_tiny_bert(folder: pathlib.Path) -> None:
    """A cased BERT of 40 positions."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    subwords = write_vocabulary(folder, specials, uncased=False)
    config = transformers.BertConfig(vocab_size=subwords, max_position_embeddings=40, **TINY)
    write_model(folder, transformers.BertModel(config, add_pooling_layer=False))
    write_json(folder / "tokenizer_config.json", {"do_lower_case": False, "tokenizer_class": "BertTokenizer"})


def make_tiny_mpnet(folder: pathlib.Path) -> None:
    """An uncased MPNet; 42 positions, two of which MPNet never uses. Its weights have the prefix "mpnet."."""
    specials = ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"]
    subwords = write_vocabulary(folder, specials, uncased=True)
    config = transformers.MPNetConfig(vocab_size=subwords, max_position_embeddings=42, **TINY)
    write_model(folder, transformers.MPNetForTokenClassification(config))
    write_json(folder / "tokenizer_config.json", {"do_lower_case": True, "tokenizer_class": "MPNetTokenizer"})


def write_vocabulary(folder: pathlib.Path, specials: list[str], uncased: bool) -> int:
    """Characters and frequent pairs of the sentences, less some rare ones; returns their number."""
    words = [word for sentence in SENTENCES for word in sentence]
    if uncased:
        words = [
            "".join(c for c in unicodedata.normalize("NFD", word) if unicodedata.category(c) != "Mn").lower()
            for word in words
        ]
    counts: dict[str, int] = {}
    for word in words:
        for size in (1, 2, 3):
            for start in range(len(word) - size + 1):
                subword = ("##" if start else "") + word[start : start + size]
                if subword.removeprefix("##").isalnum() or (
                    size == 1 and not start and subword.isprintable()
                ):
                    counts[subword] = counts.get(subword, 0) + 1
    frequent = sorted(counts, key=lambda subword: (-counts[subword], subword))[:700]
    folder.mkdir(exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(specials + frequent) + "\n", encoding="utf-8")
    return len(specials) + len(frequent)


def write_model(folder: pathlib.Path, model: transformers.PreTrainedModel) -> None:
    """Random weights, large enough for attention to choose; the classifier that some have is left."""
    random = np.random.RandomState(1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            values = random.standard_normal(tuple(weight.shape)) * 0.3
            weight.copy_(torch.tensor(values + ("LayerNorm.weight" in name), dtype=torch.float32))
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)


def write_json(path: pathlib.Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
