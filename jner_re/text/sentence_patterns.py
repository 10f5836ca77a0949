"""What the words around the end of a sentence look like, for RE2 in Python and in the graph alike.

Words are what stands between white space. A sentence ends after one like "go." or "go!)", unless it is an
abbreviation or the next word goes on in lower case; the abbreviations are those of English, and in the
language "other" only initials are any. A whole word has to match; `sentences` and `sentence_breaks` say what
follows from it.

In the style "characters", where no white space is needed, a word ends after 。 or ！ too, with the quotes and
brackets that close after it. Inside a pair of brackets 「…」 or （…） none does (the convention of Japanese
splitters, as of pySBD); after such a pair with 。 at its end a sentence ends unless と or a comma follows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from jner_re.text.tokenization import ABBREVIATIONS, STATES

# They stand before a number, and elsewhere end a sentence ("He said no."). The last: born, circa, died, note.
_BEFORE_NUMBER = (
    "No|Nos|Art|Ch|Chap|Eq|Eqs|Ex|Fig|Figs|Par|Pt|Ref|Refs|Sec|Secs|Sect|Tab|Vol|Vols|Pp|"
    "no|nos|art|ch|chap|eq|eqs|ex|fig|figs|par|pt|ref|refs|sec|secs|sect|tab|vol|vols|p|pp|"
    "b|c|d|n"
)
# Besides those of the tokenization: these in lower case and with a capital,
_LOWER_ABBREVIATIONS = (
    "al|approx|apt|assn|assoc|asst|attn|avg|bldg|ca|capt|cf|cont|corp|dept|dist|div|ed|eds|encl|esp|est|"
    "etc|ff|fl|gen|gov|govt|hwy|ibid|incl|inst|intl|mfg|mgr|misc|natl|nr|orig|pkwy|prob|prof|pseud|publ|"
    "resp|rev|sgt|sp|spp|sr|st|ste|subsp|supp|suppl|supt|syn|tel|temp|trans|univ|v|var|viz|vs"
)
# these as they are: people, bodies and places, months and days, degrees.
_MORE_ABBREVIATIONS = (
    "Messrs|Mmes|Mme|Mlle|Msgr|Fr|Br|Insp|Det|Cpl|Pvt|Pfc|Brig|Comdr|Cdr|Ens|Atty|Amb|Dir|Drs|Esq|Gens|Govs|"
    "Lts|Cols|Profs|Reps|Revs|Sens|Sgts|Spc|Treas|Rt|Ven|"
    "Cos|Cie|Int'l|Nat'l|Labs|Alta|Hts|Mts|Pk|Rte|Sq|Sta|Twp|"
    "Jun|Jul|Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|"
    "Ph.D|Pharm.D|Ed.D|Litt.D|M.Sc|B.Sc|D.Phil"
)
# They begin sentences and are hardly ever part of a name: after what may stand inside a sentence ("the U.S.",
# "Acme Inc.") they tell that it ended.
_STARTERS = (
    "A|According|After|All|Also|Although|An|And|Another|Any|As|At|Because|Before|Besides|Both|But|By|"
    "Despite|During|Each|Earlier|Finally|For|From|Further|Furthermore|He|Her|Here|His|How|However|I|If|In|"
    "Indeed|Instead|It|Its|Later|Likewise|Many|Meanwhile|More|Moreover|Most|Mr[.]|Mrs[.]|Ms[.]|My|"
    "Nevertheless|No|None|Nor|On|One|Only|Or|Other|Our|Perhaps|Recently|Several|She|Since|So|Some|Still|"
    "Such|That|The|Their|Then|There|Therefore|These|They|This|Those|Though|Thus|To|Today|Two|Under|Until|"
    "We|What|When|Where|Whether|Which|While|Who|Why|With|Yet|You"
)
# A letter that follows them is no initial: "hepatitis C."
_BEFORE_LETTER = (
    "hepatitis|influenza|vitamin|vitamins|coenzyme|factor|protein|immunoglobulin|amphotericin|cyclosporin|"
    "mitomycin|type|types|grade|class|group|groups|category|stage|phase|level|plan|part|section|appendix|"
    "exhibit|figure|table|case|patient|point|option|war"
)


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(word.replace(".", "[.]") for word in sorted(words))


def _either_case(words: str) -> list[str]:
    """With a capital as first letter, too."""
    return [form for word in words.split("|") for form in (word, word[0].upper() + word[1:])]


_IN_SENTENCE = {*ABBREVIATIONS, *_MORE_ABBREVIATIONS.split("|"), *_either_case(_LOWER_ABBREVIATIONS)}
_IN_SENTENCE -= set(_BEFORE_NUMBER.split("|"))

_OPEN = "[`“‘„‚«‹(\\[{¿¡]"  # a quote or bracket that opens
_CLOSE = "['”’»›)\\]}]"  # one that closes
STRAIGHT = '"'  # either
_OPENING = f"(?:{_OPEN}|['{STRAIGHT}])*"  # what may be before a word
_CLOSING = f"(?:{_CLOSE}|{STRAIGHT})*"  # and after it
# Words of nothing else; the codes are the Penn Treebank's.
OPENING_WORD = f"{_OPEN}+{STRAIGHT}?|{STRAIGHT}{_OPEN}+|-L[CRS]B-"
CLOSING_WORD = f"{_CLOSE}+{STRAIGHT}?|{STRAIGHT}{_CLOSE}+|-R[CRS]B-"
# What may end a sentence: "go.", "go!?", 'go."', "go.)".
END = f"(?s).*[.?!…。！？]{_CLOSING}"
# What rather stands in it: "U.S.", "S.", "J.-P.", "a.m.", "Mr.", "(etc.", "D-Ariz."
_PREFIX = rf"(?s){_OPENING}(?:.*[-–—/])?"
_INITIAL = r"\p{Lu}[.]|\p{L}[.](?:-?\p{L}[.])+"
_INITIALS = f"{_PREFIX}(?:{_INITIAL})"
ABBREVIATED = f"{_PREFIX}(?:{_INITIAL}|(?:{_alternatives(_IN_SENTENCE)})[.])"
NUMBERED = f"{_OPENING}(?:{_BEFORE_NUMBER})[.]"  # "No.", "(fig."
# Unless it is "C." after "hepatitis", or "Ala." after "Danville," and not before "(AP)".
LETTERED = f"{_OPENING}(?:{_alternatives(_either_case(_BEFORE_LETTER))})"
LETTER = r"\p{Lu}[.]"
PLACE = "(?s).*,"
BRACKET = r"(?s)\(.*"
STATE = f"(?:{'|'.join(STATES)}|N[.][CDHJMY]|S[.][CD]|R[.]I|W[.]Va|D[.]C)[.]"
# What the next word looks like if the sentence goes on.
NUMBER = rf"(?s){_OPENING}\p{{Nd}}.*"
GOING_ON = rf"(?s){_OPENING}(?:\p{{Ll}}|[,;:]).*|[.?!…]+"  # lower case, or punctuation that stands alone
# And if a sentence begins, even after an abbreviation: "He", "(It's".
STARTER = rf"(?s){_OPENING}(?:{_STARTERS})(?:['’,:;…].*)?"
_NEVER = r"\b\B"

# The style "characters": what ends a sentence without white space (Khmer's and Myanmar's, too), what closes.
_WIDE_END = "。！？｡．\u17d4\u17d5\u104b"
_WIDE_CLOSE = "」』）】〕〉》］｝｠｣〟"
_ANY_CLOSE = f"[{_WIDE_CLOSE}{_CLOSE[1:-1]}{STRAIGHT}]"
_GLUED_CLOSE = f"[{_WIDE_CLOSE}{STRAIGHT}”»)\\]}}]"  # not an apostrophe, which may begin a token: ’s
# Where words are cut: after ends with what closes after them.
PIECE = f"[^{_WIDE_END}]+(?:[{_WIDE_END}]+{_GLUED_CLOSE}*)?|[{_WIDE_END}]+{_GLUED_CLOSE}*"
# Pairs in which nothing ends.
BRACKETS = ("「『（(【〔《｢“", "」』）)】〕》｣”")
_NO_START = "、，､：；。！？｡．…‥・～〜,;:" + _WIDE_CLOSE  # no sentence begins with these
_DIGIT, _LOWER, _LETTER = "0-9０-９", "a-zａ-ｚ", "A-Za-zＡ-Ｚａ-ｚ"
_PARTICLE = "と|って|など|を|の"  # after a quotation


class Rules(NamedTuple):
    """What depends on the style of tokenization and on the language.

    Attributes:
      end: of words that may end a sentence.
      closing_word: of those that are nothing but closing quotes and brackets.
      going_on: pairs for words before and after a place where a sentence goes on; None for any.
      abbreviated, lettered, place, starter: for abbreviations, see above.
    """

    end: str
    closing_word: str
    going_on: tuple[tuple[str | None, str], ...]
    abbreviated: str
    lettered: str
    place: str
    starter: str


def rules(tokenization: str, language: str) -> Rules:
    """Those for a key of `TOKEN_PATTERNS` and one of `LANGUAGE_PATTERNS`."""
    end, closing = END, CLOSING_WORD
    going_on: list[tuple[str | None, str]] = [(None, GOING_ON)]
    if tokenization == "characters":
        end, closing = f"(?s).*[.?!…{_WIDE_END}]{_ANY_CLOSE}*", f"(?:{CLOSING_WORD}|[{_WIDE_CLOSE}]+)"
        going_on = [
            (f"(?s).*[.?!…]{_ANY_CLOSE}*", GOING_ON),
            (None, f"(?s)[{_NO_START}].*"),
            (f"(?s).*[{_DIGIT}]．", f"(?s)[{_DIGIT}].*"),  # ３．５
            (f"(?s).*[{_LETTER}]．", f"(?s)[{_LOWER}{_DIGIT}].*"),  # Ｅ．ｃｏｌｉ
            (f"(?s).*{_ANY_CLOSE}", f"(?s)(?:{_PARTICLE}).*"),  # 「はい。」と
        ]
    if language == "en":
        going_on.append((NUMBERED, NUMBER))
        return Rules(end, closing, tuple(going_on), ABBREVIATED, LETTERED, PLACE, STARTER)
    return Rules(end, closing, tuple(going_on), _INITIALS, _NEVER, _NEVER, _NEVER)


# White space that ends a paragraph, and so a sentence, by what a line is: a part of a paragraph ("wrapped"),
# which then ends with a blank line (two line breaks, of which "\r\n" is one), or a paragraph ("separate").
PARAGRAPH_END = {
    "wrapped": "(?s).*(?:\n.*[\r\n]|\r.*\r|\r.+\n|\u2029).*",
    "separate": "(?s).*[\n\r\u2028\u2029].*",
}
