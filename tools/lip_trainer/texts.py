"""Sentences to train with: words in random order, drawn with a seed. Sense does not matter, sounds do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from avatar_ros.speech.pocketsphinx_acoustic import installed_model

_FUNCTION = """
the of and to a in that is was he for it with as his on be at by I this had not are but from or have an they which one
you were her all she there would their we him been has when who will no more if out so up what its about than into them
can only other some could these two may first then do any my now such like our over me even most made after also did
many off before must well back through much where your way down should because long each just those too how
""".split()
_CONTENT = """
people time water morning evening paper pepper apple happy puppy paint map maps stop top help hope hotel room rooms
number name names moment money mother summer winter member family farm form female male mail meal milk month mouth move
movie museum music mirror middle maybe beautiful baby bag ball bank bath beach bed before begin behind believe best
better big bird black blue board boat body book bottle box boy bread break bring brother brown build bus busy butter
table able about above cabin habit hobby job club crab web rib robin number remember december cup soup soap sheep ship
shop shape chip chop cheap jump lamp camp stamp simple sample example temple computer company complete important
impossible member climb comb thumb lamb warm farm storm from room time come home game name same team dream cream team
five four fifty father feather finger fish food foot found friend front fruit full fun half leaf life knife off office
coffee offer voice very view visit village value over never river seven eleven evening have give leave love move wave
thing think three through throw thumb thank mouth south north bath path teeth mother father weather other this that
then them with breathe shoe shower sugar sure wash wish fresh national station question chair cheese child church
catch watch teacher picture nature joke juice judge large page bridge village usual pleasure measure television yes
yellow year young use music cute few wait walk wall want warm wash west wind window woman wood word work world away
always swim sweet quick queen question twelve right red ring road round run rest carry sorry tomorrow green great grey
tree true drive dress street strong spring library live late light line little look loud low allow follow yellow hello
sell tell wall tall full school cold old world child milk help glass plate play please blue clean cloud flower floor
sleep slow snow small smile spoon speak spell sport stand start stay steam stone strange side sister seat send set
seven sing sit sky zero zoo easy busy music noise please rose these days door dark day dance deep desk dinner dog doctor
ladder under wonder garden good hand head cold need read ride road side today ten tea tell tiny tomato town tune take
talk taste letter later water better butter city kitchen carpet cat cake car card cook cool clock key kind king look
book back lake milk week work think drink bank ask desk girl give glass go goat gold gate get egg leg big bag dog frog
together again finger angry hungry long song wing young evening nothing something morning hat hair hall happy hard hear
heart heavy hold home hot house hour behind perhaps nine nose near next new night noon know noon nation onion one open
out oil boy toy enjoy point voice noise eye ice idea island air area ear earth early every empty end enough
""".split()
#: Syllables of languages that are written as they are spoken: consonants, vowels, word endings.
_SYLLABLES = {
    "it": ("p b m f v t d n l r s c g z sp st tr br pr bb pp mm ff tt".split(), [*list("aeiou"), "ia", "uo"], ""),
    "ca": ("p b m f v t d n l r s c g j x ll ny br pr tr".split(), [*list("aeiou"), "ei", "ou"], ""),
    "fi": ("p b m v t d n l r s k j h mp pp mm tt kk".split(), "a e i o u y aa ee ii oo uu ai ei au ou".split(), ""),
    "cs": ("p b m f v t d n l r s c z k h j sp st br pr tr".split(), [*list("aeiou"), "ou"], ""),
    "ru": ("п б м ф в т д н л р с з к г ж ш ч ц х бр пр тр".split(), "а о у э ы и е я ю".split(), "нмкптлс"),
    "de": ("p b m f w t d n l r s k g sch pf br pr tr sp".split(), "a e i o u ü ö ei au ie".split(), "nmktlsp"),
    "es": ("p b m f v t d n l r s c g ch br pr tr".split(), [*list("aeiou"), "ie", "ue"], "nsl"),
    "fr": ("p b m f v t d n l r s c g ch j br pr tr".split(), "a é i o u ou an on eau eu".split(), ""),
}


@lru_cache(maxsize=1)
def dictionary_words() -> tuple[str, ...]:
    """Plain words of the dictionary that PocketSphinx ships."""
    folder = installed_model()
    if folder is None:
        return tuple(_CONTENT)
    lines = (folder / "cmudict-en-us.dict").read_text(encoding="utf-8").splitlines()
    found = [line.split(" ", 1)[0] for line in lines]
    return tuple(word for word in found if word.isascii() and word.isalpha() and 3 <= len(word) <= 9)


def sentences(words: str, count: int, seed: int) -> list[str]:
    """words: "common" (English that all say alike), "any" (with names and rare words), or a language's code."""
    rng = np.random.default_rng(seed)
    return [_sentence(words, rng) for _ in range(count)]


def _sentence(words: str, rng: np.random.Generator) -> str:
    size = int(rng.integers(4, 12))
    if words in _SYLLABLES:
        return " ".join(_made_up(words, rng) for _ in range(size)) + "."
    out = [_english(words == "any", rng) for _ in range(size)]
    if size > 7:
        out[size // 2] += ","
    return (" ".join(out) + str(rng.choice([".", ".", ".", "?"]))).capitalize()


def _english(rare: bool, rng: np.random.Generator) -> str:
    if rng.random() < 0.4:
        return _drawn(_FUNCTION, rng)
    if rare and rng.random() < 0.4:
        return _drawn(dictionary_words(), rng)
    return _drawn(_CONTENT, rng)


def _drawn(words: Sequence[str], rng: np.random.Generator) -> str:
    # Not rng.choice, which would copy the whole dictionary for each word.
    return words[int(rng.integers(0, len(words)))]


def _made_up(language: str, rng: np.random.Generator) -> str:
    consonants, vowels, ends = _SYLLABLES[language]
    word = "".join(str(rng.choice(consonants)) + str(rng.choice(vowels)) for _ in range(int(rng.integers(1, 4))))
    return word + (str(rng.choice(list(ends))) if ends and rng.random() < 0.4 else "")
