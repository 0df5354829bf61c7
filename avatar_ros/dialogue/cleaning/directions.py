"""Stage directions that models write beside what they say: *smiles*, (laughs), [sighs]. Which words make one."""

from __future__ import annotations

import re

_SURE = frozenset(
    """
    smiles smiling laughs laughing laughter chuckles chuckling giggles giggling grins grinning waves waving nods nodding
    winks winking sighs sighing shrugs shrugging gasps gasping blushes blushing bows bowing coughs coughing clears
    pauses pausing gestures gesturing beams beaming blinks blinking cheers cheering whispers whispering sobs sobbing
    yawns yawning hums humming snickers smirks smirking frowns frowning pouts pouting sniffs gulps hesitates hesitating
    applause claps clapping smile laugh chuckle giggle grin wave nod wink sigh shrug gasp cough pause beat silence
    smilingly lächelt lacht winkt nickt zwinkert seufzt grinst schmunzelt verbeugt lächelnd lachend
    sourit rit soupire salue sourire rire sonríe ríe asiente saluda suspira sonriendo sorride annuisce sospira
    微笑 笑 大笑 轻笑 点头 挥手 叹气 眨眼 鞠躬 停顿 笑い 笑顔 うなずく 手を振る 拍手
    """.split()
)
#: Of these only with stars around them.
_WITH_STARS = frozenset(
    """
    leans leaning tilts tilting points pointing looks looking raises raising rolls takes turns turning glances glancing
    sings singing dances dancing jumps jumping thinks thinking scratches adjusts adjusting hugs wiggles bounces sparkles
    softly warmly happily cheerfully excitedly gently playfully sadly crosses folds holds opens closes stands sits walks
    """.split()
)
_NO_VERBS = frozenset("yes always is was this us his its as has does perhaps sometimes thanks bring king thing".split())
_WORD = re.compile(r"[^\W\d_]+")
_MOST_WORDS, _MOST_WORDS_BRACKETED = 8, 4


def first_word(text: str) -> str:
    """The letters that it begins with, small."""
    found = _WORD.match(text)
    return found[0].lower() if found else ""


def may_begin(word: str, *, stars: bool, alone: bool) -> bool:
    """Whether a direction may begin with this word. alone: it would stand where a sentence begins."""
    if word in _SURE or (stars and word in _WITH_STARS):
        return True
    return stars and alone and len(word) > 3 and word.endswith(("s", "ing")) and word not in _NO_VERBS


def is_direction(body: str, *, stars: bool, alone: bool, after: str) -> bool:
    """Whether the text between stars or in brackets is one. after: the two characters behind it, less at the end."""
    word, words = first_word(body), len(body.split())
    if any(stop in body for stop in ",;:?!。！？0123456789" if not stars or stop not in ",!") or body[-1:].isspace():
        return False
    if words > (_MOST_WORDS if stars else _MOST_WORDS_BRACKETED):
        return False
    if word in _SURE or (stars and word in _WITH_STARS and alone):
        return True
    ends = not after or after[0] == "\n" or (after[0].isspace() and not after[1:].islower())
    return may_begin(word, stars=stars, alone=alone) and ends and body[:1].islower() and "." not in body
