"""What the words around the end of a sentence look like, for RE2 in Python and in the graph alike.

Words are what stands between white space. A sentence ends after one like "go." or "go!)", unless it is an
abbreviation or the next word goes on in lower case; the abbreviations are those of English. A whole word has
to match; `sentences` and `sentence_breaks` say what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable

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
ABBREVIATED = (
    rf"(?s){_OPENING}(?:.*[-–—/])?"
    rf"(?:\p{{Lu}}[.]|\p{{L}}[.](?:-?\p{{L}}[.])+|(?:{_alternatives(_IN_SENTENCE)})[.])"
)
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

# White space that ends a paragraph, and so a sentence, by what a line is: a part of a paragraph ("wrapped"),
# which then ends with a blank line (two line breaks, of which "\r\n" is one), or a paragraph ("separate").
PARAGRAPH_END = {
    "wrapped": "(?s).*(?:\n.*[\r\n]|\r.*\r|\r.+\n|\u2029).*",
    "separate": "(?s).*[\n\r\u2028\u2029].*",
}
