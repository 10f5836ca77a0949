"""Rules that split raw text into tokens, one regular expression each.

The expressions use only what Python's `re` (with `re.ASCII`) and RE2 read alike, so that TensorFlow can apply
them in the graph: no look-around, classes spelled out as literal characters. A token is a match; what lies
between two matches is white space (`SPACE_PATTERN`).

Two rules are those of English: which words keep a period, and which have an apostrophe's clitic ("he's"). In
the language "other" a period and an apostrophe are what they are after any other word.
"""

from __future__ import annotations

import functools
import re

from jner_re.document import Token

_SPACE = (
    "\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # all that str.isspace() holds
)
_PUNCTUATION = (
    r"!-/:-@\[-`{-~"  # ASCII
    "\u00a1-\u00a9\u00ab\u00ac\u00ae-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7"  # Latin-1
    "\u2010-\u2027\u2030-\u205e\u20a0-\u20cf"  # dashes, quotes, currencies
    "\u2190-\u2bff"  # arrows, mathematics, symbols
    "\u3001-\u3003\u3008-\u3020\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"  # East Asian
)
_WORD = f"[^{_SPACE}{_PUNCTUATION}]+"
_MARK = f"[{_PUNCTUATION}]"
_CLITIC = r"['’](?:[sS]|[rR][eE]|[vV][eE]|[lL][lL]|[dDmMtT])\b"
_STATES = (
    "Ala|Ariz|Ark|Calif|Colo|Conn|Del|Fla|Ga|Ill|Ind|Kan|Ky|La|Mass|Md|Me|Mich|Minn|Miss|Mo|Mont|Neb|Nev|"
    "Okla|Ore|Pa|Tenn|Tex|Va|Vt|Wash|Wis|Wyo"
)
_OTHERS = (
    "Mr|Mrs|Ms|Dr|Prof|St|Sen|Rep|Gov|Gen|Lt|Col|Capt|Sgt|Maj|Cmdr|Adm|Rev|Hon|Pres|Jr|Sr|"
    "Inc|Corp|Co|Ltd|Bros|No|vs|Ave|Blvd|Rd|Mt|Ft|"
    "Jan|Feb|Mar|Apr|Aug|Sept|Sep|Oct|Nov|Dec"
)

# What keeps its period in the style "news", without it.
STATES: tuple[str, ...] = tuple(_STATES.split("|"))
ABBREVIATIONS: tuple[str, ...] = (*_OTHERS.split("|"), *STATES)

SPACE_PATTERN = f"[{_SPACE}]+"

# Of the style "characters": letters of scripts that have no spaces between words,
_LETTERS = (
    "\u2e80-\u2fdf\u3004-\u3007\u3021-\u3029\u3031-\u303c\u3041-\u3096\u309d-\u30fa\u30fc-\u312f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d"  # Han, Kana, Bopomofo; with 々, ー and ｰ
    "\U0001aff0-\U0001b16f\U00020000-\U0003fffd"  # rare Kana and Han
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46"  # Thai
    "\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf"  # Lao
    "\u1780-\u17b3\u17d7\u17dc"  # Khmer
    "\u1000-\u102a\u103f\u1050-\u1055\u105a-\u105d\u1061\u1065\u1066\u106e-\u1070\u1075-\u1081\u108e"
    "\ua9e0-\ua9e4\ua9e6-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa76\uaa7a\uaa7e\uaa7f"  # Myanmar
)
# what stands above, below or beside one and is no letter itself,
_JOINED = (
    "\u0300-\u036f\u302a-\u302f\u3099\u309a\uff9e\uff9f\ufe00-\ufe0f\U000e0100-\U000e01ef\u200c\u200d"
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u17b4-\u17d1\u17d3\u17dd"
    "\u102b-\u1038\u103a-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u1064\u1067-\u106d\u1071-\u1074\u1082-\u108d"
    "\u108f\u109a-\u109d\ua9e5\uaa7b-\uaa7d"
)
_STACKER = "\u17d2\u1039"  # writes the letter after it below the one before, in Khmer and Myanmar
_OTHER_MARKS = (
    "\u0e3f\u0e4f\u0e5a\u0e5b\u104a-\u104f\u17d4-\u17d6\u17d8-\u17db\u309b\u309c\u30a0\u30fb"  # ។ ။ ・
)
# What has no white space beside it, but for full-width letters and digits.
UNSPACED = (
    f"[{_LETTERS}{_JOINED}{_STACKER}{_OTHER_MARKS}"
    "\u3001-\u3003\u3008-\u3020\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]"
)
_WIDE_DIGITS = "\uff10-\uff19"  # ０ to ９: a dose follows a drug without a space, ＰＳＬ３０ｍｇ
_CHARACTER = f"[{_LETTERS}](?:[{_JOINED}]|[{_STACKER}][{_LETTERS}]?)*"


def _patterns(abbreviations: str, clitic: str) -> dict[str, str]:
    """By style.

    Args:
      abbreviations: an alternative of "news", after words with a hyphen.
      clitic: one that comes before words.
    """
    numbers = "[0-9]+(?:[.,][0-9]+)+"
    return {
        # As CoNLL04 does: abbreviations keep their period ("U.S.", "D-Ariz."), hyphenated words and amounts
        # of dollars are one token, "'s" is its own, "1,000" is three.
        "news": (
            f"(?:{_WORD}-)*(?:(?:[A-Za-z][.])+{abbreviations})"
            f"|[$£€]?[0-9]+(?:[.][0-9]+)?(?:{_WORD})?(?:-{_WORD})*-?"
            f"{clitic}"
            f"|{_WORD}(?:-{_WORD})*-?"
            f"|--+|[.][.]+|{_MARK}"
        ),
        # As ADE's annotation needs: every hyphen, slash and period is its own token, except inside a number.
        "fine": f"{numbers}{clitic}|{_WORD}|{_MARK}",
        # Text that is tokenized already.
        "whitespace": f"[^{_SPACE}]+",
        # Scripts without spaces: each letter of theirs is a token, with what is joined to it. The rest is as
        # in "fine", but that full-width digits are no part of a word.
        "characters": (
            f"{numbers}{clitic}|{_CHARACTER}|[{_WIDE_DIGITS}]+"
            f"|[^{_SPACE}{_PUNCTUATION}{_LETTERS}{_WIDE_DIGITS}{_OTHER_MARKS}]+|[{_PUNCTUATION}{_OTHER_MARKS}]"
        ),
    }


# By language and style: what `ModelConfig.language` can be.
LANGUAGE_PATTERNS: dict[str, dict[str, str]] = {
    "en": _patterns(f"|(?:{'|'.join(ABBREVIATIONS)})[.]", f"|{_CLITIC}"),
    "other": _patterns("", ""),
}
TOKEN_PATTERNS = LANGUAGE_PATTERNS["en"]


def tokenize(text: str, style: str, language: str = "en") -> list[Token]:
    """The tokens of a text.

    Args:
      text: any text; white space is not part of any token, every other character is.
      style: a key of `TOKEN_PATTERNS`.
      language: a key of `LANGUAGE_PATTERNS`.
    """
    matches = _compiled(style, language).finditer(text)
    return [Token(match.group(), match.start(), match.end()) for match in matches]


@functools.cache
def _compiled(style: str, language: str) -> re.Pattern[str]:
    return re.compile(LANGUAGE_PATTERNS[language][style], re.ASCII)
