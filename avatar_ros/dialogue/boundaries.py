"""Where a sentence ends, decided from the text so far and the one character that follows it."""

from __future__ import annotations

import re
import unicodedata

#: Stops that need no space after them.
WIDE_STOPS = "。！？｡．"
#: Stops that do: Latin and others, Devanagari, Arabic, Urdu, Armenian, Ethiopic, Burmese, Khmer.
STOPS = WIDE_STOPS + ".!?…।॥؟۔։።။។‽"
CLOSERS = "\"'”’»›)]}」』）】》〉*_"

#: Never the end of a sentence: a name, a number or an explanation follows.
_NEVER = frozenset(
    """
    mr mrs ms dr prof st mt rev hon gen col capt lt sgt sr sra dipl ing hr fr
    vs fig figs approx ca cf al resp bzw vol ed eds pp jan feb mar apr jun jul aug sept oct nov dec mme mlle
    """.split()
)
#: The end of a sentence if something capital follows.
_PERHAPS = frozenset("etc inc ltd co corp jr sr bros dept est usw a.m p.m ph.d b.c a.d".split())
_LIST_NUMBER = re.compile(r"\s*\(?\d{1,3}\.")
#: Within a line: the first after a colon or the like, the others where the one before has been.
_ITEM_NUMBER = re.compile(r"(?:^|(?P<colon>[:;,–—-]\s*)|\s)\(?(?P<number>\d{1,2})$")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_LAST_WORD = re.compile(r"[^\s\"'“‘«(\[]*$")


def boundary(text: str, following: str) -> int:
    """Length of the sentence that `text` begins with, seen that the character `following` comes next; 0: none yet.

    To be asked anew for every character; what is decided never depends on more than these two.
    """
    body = text.rstrip()
    if not speakable(body):
        return 0
    if following in "\n\r\u2029":
        return len(body)
    core = _without_closers(body)
    if not core or core[-1] not in STOPS:
        return 0
    spaced = len(body) < len(text)
    if spaced or following.isspace():
        return (
            len(body)
            if _ends_before_space(core, len(core) < len(body), "" if following.isspace() else following)
            else 0
        )
    if following in STOPS or following in CLOSERS or _is_symbol(following):
        return 0  # the sentence's own: "?!", a closing quote, an emoji
    glued = core[-1] in WIDE_STOPS or (core[-1] in ".!?" and is_wide(following))
    return len(body) if glued else 0


def speakable(text: str) -> bool:
    """Whether there is anything to say: a letter or a digit of any script."""
    return any(character.isalnum() for character in text)


def ends_sentence(text: str) -> bool:
    """Whether `text` ends as a sentence does: with a stop, perhaps inside a quotation, perhaps with an emoji."""
    core = _without_closers(text.rstrip())
    return bool(core) and core[-1] in STOPS


def is_wide(character: str) -> bool:
    """Whether the character belongs to a script that is written without spaces (Chinese, Japanese)."""
    return unicodedata.east_asian_width(character) in "WF" and character.isalnum()


def _ends_before_space(core: str, closed: bool, following: str) -> bool:
    """Whether the stop before a space is the end. following: "" while it is not known what comes after the space."""
    stop = core[-1]
    if stop == "…" or core.endswith(".."):
        return _begins(following)
    if stop == "." and not _plain_dot(core[:-1], following):
        return False
    # After a quotation the sentence may go on: "Really?" she asked.
    return _begins(following) if closed and stop not in WIDE_STOPS else True


def _begins(following: str) -> bool:
    """Whether a sentence may begin with this character; not known yet: no."""
    return bool(following) and not following.islower()


def _plain_dot(before: str, following: str) -> bool:
    """Whether a full stop after `before`, followed by a space, ends a sentence."""
    if _LIST_NUMBER.fullmatch(before + ".") or _is_item_number(before):
        return False
    found = _LAST_WORD.search(before)
    word = found.group() if found else ""
    lower = word.lower()
    if lower == "no":
        return bool(following) and not following.isdigit()
    if lower in _PERHAPS:
        return following.isupper() or bool(following and is_wide(following))
    if lower in _NEVER or _DOTTED.fullmatch(word):
        return False
    # An initial: "J. Smith". "I" alone is more often a word.
    return not (len(word) == 1 and word.isalpha() and word.isupper() and word != "I")


def _is_item_number(before: str) -> bool:
    """Whether the number that `before` ends with is that of a list within a line: "Options: 1. Tea 2. Coffee"."""
    found = _ITEM_NUMBER.search(before[-8:])
    if not found:
        return False
    number = int(found["number"])
    return (bool(found["colon"]) and number == 1) or re.search(rf"(?<!\d){number - 1}\.\s", before) is not None


def _without_closers(body: str) -> str:
    end = len(body)
    while end and (body[end - 1] in CLOSERS or _is_symbol(body[end - 1])):
        end -= 1
    return body[:end]


def _is_symbol(character: str) -> bool:
    """Emoji and what joins and tints them."""
    return unicodedata.category(character) in ("So", "Sk", "Mn", "Cf")
