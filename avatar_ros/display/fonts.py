"""Which of the system's fonts draws which letters, shaped as their script wants it. With pygame."""

from __future__ import annotations

import os
import unicodedata
from functools import lru_cache

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame

# Tried in this order for each text; the first that has every letter wins.
FONTS = (
    "notosans", "notosanscjksc", "notosanscjkjp", "notosanscjktc", "notosanssc", "wenquanyizenhei",
    "wenquanyimicrohei", "droidsansfallback", "arplumingcn", "unifont", "dejavusans", "liberationsans", "freesans",
    "notosansthai", "notosansarabic", "notonaskharabic", "notosansdevanagari", "notosanshebrew", "notosansbengali",
    "notosanstamil", "notosanstelugu", "notosansgujarati", "notosansgurmukhi", "notosanskannada", "notosansmalayalam",
    "notosanscjkkr",
)  # fmt: skip
#: Fonts whose glyphs suit readers of kana and of Hangul better: tried first where there are some.
_PREFERRED = {"HIRAGANA": "notosanscjkjp", "KATAKANA": "notosanscjkjp", "HANGUL": "notosanscjkkr"}
#: Of scripts that lie in these, others in fonts-noto-core.
#: Stands for no letter in any font.
_NO_CHARACTER = "\ufdd0"
_CJK = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})


@lru_cache(maxsize=256)
def best_font(letters: frozenset[str]) -> str | None:
    """Path of the font that has most of `letters`; None for pygame's own, which has the Latin ones."""
    best, most = None, -1
    for path in (*preferred_fonts(letters), *system_fonts(), None):
        known = sum(has(path, letter) for letter in letters)
        if known > most:
            best, most = path, known
        if known == len(letters):
            break
    return best


def missing_font(letters: frozenset[str]) -> str:
    """What to install for letters that no font has, in one line; "" where there is nothing to be done."""
    best = best_font(letters)
    lacking = sorted(letter for letter in letters if letter.isalpha() and not has(best, letter))
    script = next((script_of(letter) for letter in lacking if not best_font_has(letter)), "")
    if not script:
        return ""
    package = "fonts-noto-cjk" if script in _CJK else "fonts-noto-core"
    return f"captions: no font has the letters of {script.capitalize()}; install one: sudo apt install {package}"


def best_font_has(letter: str) -> bool:
    """Whether some font has this letter."""
    return has(best_font(frozenset({letter})), letter)


def preferred_fonts(letters: frozenset[str]) -> tuple[str, ...]:
    """Of scripts that share their letters with others, where they can be told apart."""
    names = dict.fromkeys(name for letter in letters if (name := _PREFERRED.get(script_of(letter))))
    return tuple(path for name in names if (path := pygame.font.match_font(name)))


@lru_cache(maxsize=1)
def system_fonts() -> tuple[str, ...]:
    """Paths of those of FONTS that this machine has."""
    found = (pygame.font.match_font(name) for name in FONTS)
    return tuple(path for path in found if path)


@lru_cache(maxsize=8192)
def has(path: str | None, letter: str) -> bool:
    """Whether a font has the letter. SDL_ttf gives metrics of the empty box, too: what is drawn tells them apart."""
    return letter.isspace() or _drawn(path, letter) != _drawn(path, _NO_CHARACTER)


@lru_cache(maxsize=8192)
def _drawn(path: str | None, letter: str) -> bytes:
    small = font(path, 16)
    if not small.size(letter)[0]:  # a mark that has no width of its own; pygame renders none alone
        return b""
    return pygame.image.tobytes(small.render(letter, False, (255, 255, 255), (0, 0, 0)), "RGB")


@lru_cache(maxsize=64)
def font(path: str | None, size: int, script: str = "Latn", leftwards: bool = False) -> pygame.font.Font:
    """A font that shapes its letters for a script (ISO 15924); one each, since pygame's fonts remember it."""
    made = pygame.font.Font(path, size)
    try:
        made.set_script(script)
        made.set_direction(pygame.DIRECTION_RTL if leftwards else pygame.DIRECTION_LTR)
    except (pygame.error, AttributeError):  # a pygame without HarfBuzz: letters stand apart, in the right order still
        return made
    return made


@lru_cache(maxsize=4096)
def script_of(letter: str) -> str:
    """The script of a letter as Unicode's names begin: ARABIC, CJK."""
    return unicodedata.name(letter, "").split(" ")[0].split("-")[0]
