"""Phone names of other sources (ARPABET, TIMIT, IPA as espeak-ng writes it) as schedules of our phone classes.

A schedule is what the mouth does in the course of one phone: ((class, share of its duration), …), shares summing to 1.
Any IPA symbol gets one: known ones from the table, composed ones (diphthongs, affricates) part by part, others by
their nearest neighbour. What cannot be read at all becomes AX, the neutral vowel, and is counted by the caller.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

Schedule = tuple[tuple[str, float], ...]

SILENCE: Schedule = (("SIL", 1.0),)
UNKNOWN: Schedule = (("AX", 1.0),)

#: First target of a diphthong lasts this long; the glide comes late.
_GLIDE_AT = 0.65


def _glide(first: str, second: str) -> Schedule:
    return ((first, _GLIDE_AT), (second, 1 - _GLIDE_AT))


#: One label for closure and release: the lips or the tongue part before the label ends.
_VOICELESS_CLOSURE, _VOICED_CLOSURE = 0.65, 0.8
_STOPS: dict[str, Schedule] = {
    **{name: ((name, _VOICELESS_CLOSURE), ("HH", 1 - _VOICELESS_CLOSURE)) for name in ("P", "T", "K")},
    **{name: ((name, _VOICED_CLOSURE), ("HH", 1 - _VOICED_CLOSURE)) for name in ("B", "D", "G")},
}

ARPABET: dict[str, Schedule] = {
    **{
        name: ((name, 1.0),)
        for name in "AA AE AH AO AX EH ER IH IY UH UW CH DH F HH JH L M N NG R S SH TH V W Y Z ZH SIL".split()
    },
    **_STOPS,
    "AW": _glide("AA", "UH"),
    "AY": _glide("AA", "IH"),
    "EY": _glide("EH", "IH"),
    "OW": _glide("AO", "UH"),
    "OY": _glide("AO", "IH"),
}

#: TIMIT's further labels. Closures (bcl, or plain cl / vcl) are named by the stop that follows; see `timit_schedules`.
TIMIT: dict[str, Schedule] = {
    "AXR": (("ER", 1.0),), "IX": (("IH", 1.0),), "UX": (("UW", 1.0),), "AX-H": (("AX", 1.0),), "AXH": (("AX", 1.0),),
    "EL": (("AX", 0.4), ("L", 0.6)), "EM": (("M", 1.0),), "EN": (("N", 1.0),), "ENG": (("NG", 1.0),),
    "DX": (("D", 1.0),), "NX": (("N", 1.0),), "HV": (("HH", 1.0),), "Q": (("HH", 1.0),),
    "PCL": (("P", 1.0),), "BCL": (("B", 1.0),), "TCL": (("T", 1.0),), "DCL": (("D", 1.0),), "KCL": (("K", 1.0),),
    "GCL": (("G", 1.0),), "PAU": SILENCE, "EPI": SILENCE, "H#": SILENCE, "SP": SILENCE, "SPN": SILENCE, "": SILENCE,
}  # fmt: skip
_CLOSURE_LABELS = ("CL", "VCL")

#: IPA letters, by what they look and sound like. Vowels follow height and rounding, consonants place of articulation.
IPA: dict[str, str] = {
    # vowels: front, central, back; high to low
    "i": "IY", "ɪ": "IH", "ᵻ": "IH", "e": "EH", "ɛ": "EH", "ε": "EH", "æ": "AE", "a": "AA", "y": "UW", "ʏ": "UH",
    "ø": "UH", "œ": "AO", "ɶ": "AA", "ɨ": "IH", "ʉ": "UW", "ɘ": "AX", "ə": "AX", "ɵ": "UH", "ɜ": "ER", "ɝ": "ER",
    "ɚ": "ER", "ɞ": "ER", "ɐ": "AX", "ɯ": "IH", "u": "UW", "ʊ": "UH", "ɤ": "AX", "o": "AO", "ʌ": "AH", "ɔ": "AO",
    "ɑ": "AA", "ɒ": "AO", "ɿ": "IH", "ʅ": "IH", "ʮ": "UW", "ʯ": "UW",
    # lips
    "p": "P", "b": "B", "m": "M", "ɸ": "F", "β": "B", "ʙ": "B", "ɓ": "B", "ʘ": "P", "f": "F", "v": "V", "ɱ": "F",
    "ʋ": "V", "ⱱ": "V", "w": "W", "ʍ": "W", "ɥ": "W",
    # tongue tip and blade
    "θ": "TH", "ð": "DH", "t": "T", "d": "D", "n": "N", "s": "S", "z": "Z", "r": "R", "ɹ": "R", "ɾ": "D", "l": "L",
    "ɬ": "L", "ɮ": "L", "ɫ": "L", "ɺ": "L", "ɗ": "D", "ǀ": "T", "ǃ": "T", "ǁ": "L", "ʈ": "T", "ɖ": "D", "ɳ": "N",
    "ɭ": "L", "ɽ": "D", "ɻ": "R", "ʂ": "SH", "ʐ": "ZH", "ʃ": "SH", "ʒ": "ZH", "ɕ": "SH", "ʑ": "ZH", "ʧ": "CH",
    "ʤ": "JH", "ɧ": "SH", "ʦ": "S", "ʣ": "Z",
    # tongue body and throat
    "j": "Y", "ʝ": "Y", "ç": "HH", "c": "K", "ɟ": "G", "ɲ": "N", "ʎ": "L", "k": "K", "ɡ": "G", "g": "G", "ŋ": "NG",
    "x": "HH", "ɣ": "G", "ɰ": "G", "ɠ": "G", "ʄ": "G", "ʟ": "L", "q": "K", "ɢ": "G", "ɴ": "NG", "χ": "HH", "ʁ": "R",
    "ʀ": "R", "ʛ": "G", "ħ": "HH", "ʕ": "HH", "h": "HH", "ɦ": "HH", "ʔ": "HH", "ʡ": "HH", "ʜ": "HH", "ʢ": "HH",
}  # fmt: skip
_AFFRICATES = {
    ("T", "SH"): "CH", ("D", "ZH"): "JH", ("T", "S"): "S", ("D", "Z"): "Z", ("T", "CH"): "CH", ("D", "JH"): "JH",
    ("P", "F"): "PF",
}  # fmt: skip
_VOWELS = frozenset("AA AE AH AO AX EH ER IH IY UH UW".split())
#: Mandarin as espeak-ng writes it: retroflexes with a dot, and the third tone with the letter that X-SAMPA has for 3.
_RETROFLEX = (("s.", "ʂ"), ("z.", "ʐ"))
_THIRD_TONE = re.compile(r"(?<=[aeiouyəɑɔɛ.nŋɚr])ɜ(?=[ˈˌ]?$)")
#: espeak's marks that are no sound of their own: stress, length, pauses, tones, its notes such as "(en)".
_PAUSES = ("", "_", "_:", "_|", "_!", "|", "||")


def arpabet_schedule(label: str) -> Schedule | None:
    """Schedule of an ARPABET or TIMIT label in either case, stress digit or not ("AH0" is the schwa); None: unknown."""
    name = label.upper().strip()
    if name == "AH0":
        return ARPABET["AX"]
    name = name.rstrip("012")
    return ARPABET.get(name) or TIMIT.get(name)


@lru_cache(maxsize=4096)
def ipa_schedule(symbol: str) -> Schedule | None:
    """Schedule of one IPA phone as espeak-ng writes it ("ˈaɪ", "tʃ", "n̩", ""); None: nothing in it is known."""
    text = symbol.strip()
    if text in _PAUSES:
        return SILENCE
    if text.startswith("("):  # a change of language, e.g. "(en)", takes no time
        return SILENCE
    for written, letter in _RETROFLEX:
        text = text.replace(written, letter)
    text = _THIRD_TONE.sub("", text)
    found = (_letter(character) for character in unicodedata.normalize("NFC", text).replace("g", "ɡ"))
    letters = [name for name in found if name]
    if not letters:
        return None
    return _compose(tuple(letters))


def _letter(character: str) -> str:
    """The class of a letter, or else of what an accent stands on ("ä"); "": it is no letter of IPA."""
    return IPA.get(character) or IPA.get(unicodedata.normalize("NFD", character)[0], "")


def _compose(letters: tuple[str, ...]) -> Schedule:
    if len(letters) == 1:
        return ARPABET.get(letters[0], ((letters[0], 1.0),))
    whole = _AFFRICATES.get((letters[0], letters[1]))
    if whole == "PF":
        return (("P", 0.5), ("F", 0.5))
    if whole is not None:
        return ((whole, 1.0),) if len(letters) == 2 else _spread((whole, *letters[2:]))
    if len(letters) == 2 and letters[0] in _VOWELS and letters[1] in _VOWELS:
        return _glide(*letters) if letters[0] != letters[1] else ((letters[0], 1.0),)
    return _spread(letters)


def _spread(letters: tuple[str, ...]) -> Schedule:
    return tuple((letter, 1 / len(letters)) for letter in letters)


def schedules(labels: list[str]) -> tuple[list[Schedule], list[str]]:
    """Schedules of the phone marks of one sentence, in order, and the unknown labels.

    The sentence is ARPABET / TIMIT where all its labels are (then "y" is the glide), else IPA (then "y" is a vowel).
    """
    if all(label.strip() in _PAUSES or (label.isascii() and _is_arpabet(label)) for label in labels):
        return timit_schedules(labels), []
    found = [ipa_schedule(label) for label in labels]
    unknown = [label for label, schedule in zip(labels, found, strict=True) if schedule is None]
    return [schedule or UNKNOWN for schedule in found], unknown


def timit_schedules(labels: list[str]) -> list[Schedule]:
    """Schedules of ARPABET / TIMIT labels; a closure is the closure of the stop that follows it.

    A stop that follows its own closure is only its release.
    """
    out: list[Schedule] = []
    for i, label in enumerate(labels):
        following = labels[i + 1].upper() if i + 1 < len(labels) else ""
        before = labels[i - 1].upper() if i else ""
        if label.upper() in _CLOSURE_LABELS:
            voiced = "D" if label.upper() == "VCL" else "T"
            stop = {"CH": "T", "JH": "D"}.get(following, following)
            out.append(((stop if stop in _STOPS else voiced, 1.0),))
        elif label.upper() in _STOPS and before in (*_CLOSURE_LABELS, f"{label.upper()}CL"):
            out.append((("HH", 1.0),))
        else:
            out.append(arpabet_schedule(label) or UNKNOWN)
    return out


def _is_arpabet(label: str) -> bool:
    return arpabet_schedule(label) is not None or label.upper() in _CLOSURE_LABELS
