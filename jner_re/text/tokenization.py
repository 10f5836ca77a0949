"""Rules that split raw text into tokens, one regular expression each.

The expressions use only what Python's `re` (with `re.ASCII`) and RE2 read alike, so that TensorFlow can apply
them in the graph: no look-around, classes spelled out as literal characters. A token is a match; what lies
between two matches is white space (`SPACE_PATTERN`).
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

TOKEN_PATTERNS: dict[str, str] = {
    # As CoNLL04 does: abbreviations keep their period ("U.S.", "D-Ariz."), hyphenated words and amounts of
    # dollars are one token, "'s" is its own, "1,000" is three.
    "news": (
        f"(?:{_WORD}-)*(?:(?:[A-Za-z][.])+|(?:{'|'.join(ABBREVIATIONS)})[.])"
        f"|[$£€]?[0-9]+(?:[.][0-9]+)?(?:{_WORD})?(?:-{_WORD})*-?"
        f"|{_CLITIC}"
        f"|{_WORD}(?:-{_WORD})*-?"
        f"|--+|[.][.]+|{_MARK}"
    ),
    # As ADE's annotation needs: every hyphen, slash and period is its own token, except inside a number.
    "fine": f"[0-9]+(?:[.,][0-9]+)+|{_CLITIC}|{_WORD}|{_MARK}",
    # Text that is tokenized already.
    "whitespace": f"[^{_SPACE}]+",
}


def tokenize(text: str, style: str) -> list[Token]:
    """The tokens of a text.

    Args:
      text: any text; white space is not part of any token, every other character is.
      style: a key of `TOKEN_PATTERNS`.
    """
    matches = _compiled(style).finditer(text)
    return [Token(match.group(), match.start(), match.end()) for match in matches]


@functools.cache
def _compiled(style: str) -> re.Pattern[str]:
    return re.compile(TOKEN_PATTERNS[style], re.ASCII)
