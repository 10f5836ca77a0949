"""Words that tokenizers are compared on: those of texts, and random ones."""

from __future__ import annotations

import glob
import pathlib
import random
import re
import string
import unicodedata
from collections.abc import Sequence

from jner_re.corpora import spert_json
from jner_re.corpora.text_files import read_text
from jner_re.errors import InputError

_ASSIGNED = [i for i in range(0x110000) if unicodedata.category(chr(i)) not in ("Cn", "Co", "Cs")]
_MARKS = [chr(i) for i in _ASSIGNED if unicodedata.category(chr(i)).startswith("M")]
_SPACES = [*(chr(i) for i in _ASSIGNED if chr(i).isspace()), *"\u200b\u200c\u200d\ufeff\u2060\u180e\u2581"]
_EMOJI = ["👩‍🔬", "👍🏽", "🇯🇵", "❤️", "1️⃣", "👨‍👩‍👧‍👦", "😀", "™️"]
_COMPOSED = ["'s", "'re", "'ll", "ﬁ", "½", "Ａ", "ｶﾞ", "한", "\u1112", "\u1161", "\u11ab", "  "]
_LATIN = string.ascii_letters + string.digits + "'-.,()éüñßİıΣσς"
_LETTERS = _LATIN + "日本語のかなカナ한국어абвгд"
_LONG = 600


def read_texts(pattern: str) -> list[str]:
    """The texts of files: sentences of SpERT's JSON and of ADE's .rel; all else as it is.

    Raises:
      InputError: there is no such file, or it can't be read.
    """
    paths = sorted(map(pathlib.Path, glob.glob(pattern)))
    if not paths:
        raise InputError(f"texts is {pattern!r}: there is no such file")
    texts: list[str] = []
    for path in paths:
        if path.suffix == ".json":
            texts += (" ".join(sentence.tokens) for sentence in spert_json.read(path))
        elif path.suffix == ".rel":
            texts += (line.split("|")[1] for line in read_text(path).text.splitlines())
        else:
            texts.append(read_text(path).text)
    return texts


def distinct_words(texts: Sequence[str]) -> list[str]:
    """What stands between spaces, and its parts of letters and of other characters."""
    words = {word for text in texts for word in text.split()}
    return sorted(words | {part for word in words for part in re.findall(r"\w+|[^\w\s]", word)})


def random_words(texts: Sequence[str], count: int) -> dict[str, list[str]]:
    """Sets of words by name, each of at most `count` words but for the code points, which are all there."""
    generator = random.Random(0)
    whole = "".join(texts).replace("\n", "")
    starts = [generator.randrange(len(whole)) for _ in range(count // 5)]
    return {
        "pieces of the texts": [whole[i : i + generator.randint(1, 30)] for i in starts],
        "letters": [_joined(generator, _LETTERS, generator.randint(1, 20)) for _ in range(count // 2)],
        "anything": [
            "".join(_anything(generator) for _ in range(generator.randint(1, 12))) for _ in range(count)
        ],
        "code points": [f"a{chr(i)}b" for i in _ASSIGNED],
        "long": [
            *(whole[i : i + _LONG] for i in starts[:20]),
            *(_joined(generator, _LATIN, _LONG) for _ in range(20)),
            *("a" * _LONG, "ab" * (_LONG // 2), _joined(generator, "ACGT", _LONG)),
            "".join(chr(generator.choice(_ASSIGNED)) for _ in range(_LONG)),
        ],
    }


def _joined(generator: random.Random, letters: str, length: int) -> str:
    return "".join(generator.choices(letters, k=length))


def _anything(generator: random.Random) -> str:
    """Some characters that may go together badly."""
    kinds = [_LATIN, [chr(generator.choice(_ASSIGNED))], _EMOJI, _MARKS, _SPACES, _COMPOSED]
    return generator.choice(generator.choices(kinds, weights=[30, 30, 10, 10, 10, 10])[0])
