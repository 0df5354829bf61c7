"""What stands behind a face, as people write it in parameters, cards and requests; the words are the same everywhere.

    #e8e4de                     one colour
    studio, studio:#e8e4de      light behind the head, darker corners
    gradient:#dfe9f2,#8fa3b8    from top to bottom
    hall.jpg, blur:hall.jpg     a picture that covers it all, as it is or blurred
    chroma, chroma:#0047bb      for who puts another picture there later: one pure colour, no shadow upon it
    transparent                 nothing: the frame has alpha
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .colours import parse_hex_colour
from .errors import ConfigError

Rgb = tuple[int, int, int]
Kind = Literal["colour", "studio", "gradient", "picture", "chroma", "transparent"]

PLAIN: Rgb = (232, 228, 222)
KEY_GREEN: Rgb = (0, 177, 64)
BLUR = "blur:"
#: For messages: what can be given.
WORDS = "'#rrggbb', studio, studio:#rrggbb, gradient:#rrggbb,#rrggbb, chroma or transparent"
_SOLE: dict[str, tuple[Kind, tuple[Rgb, ...]]] = {
    "studio": ("studio", (PLAIN,)),
    "chroma": ("chroma", (KEY_GREEN,)),
    "transparent": ("transparent", ()),
}
_WITH_COLOURS: dict[str, tuple[Kind, int]] = {
    "studio": ("studio", 1),
    "chroma": ("chroma", 1),
    "gradient": ("gradient", 2),
}


@dataclass(frozen=True)
class Backdrop:
    """colours: as many as the kind has; path and blurred: of a picture."""

    kind: Kind
    colours: tuple[Rgb, ...] = ()
    path: str = ""
    blurred: bool = False


def parse_backdrop(text: str, name: str = "background", pictures: bool = True) -> Backdrop:
    """The words above; `name`: of the parameter, for messages; pictures: whether files of this computer may be named.

    Raises ConfigError("bad_colour") for what is none of them. Whether a picture is there is not looked at.

    >>> parse_backdrop("studio").colours
    ((232, 228, 222),)
    """
    if text in _SOLE:
        return Backdrop(*_SOLE[text])
    word, _, rest = text.partition(":")
    if text.startswith("#"):
        return Backdrop("colour", _colours(rest=text, count=1, name=name, text=text))
    if word in _WITH_COLOURS and (word == "gradient" or rest.startswith("#") or not pictures):
        kind, count = _WITH_COLOURS[word]
        return Backdrop(kind, _colours(rest, count, name, text))
    path = text.removeprefix(BLUR)
    if not pictures or not path.strip():
        more = f", a picture's path or {BLUR}PATH" if pictures else ""
        raise ConfigError("bad_colour", f"{name} is '{text}'; give {WORDS}{more}")
    return Backdrop("picture", path=path, blurred=text.startswith(BLUR))


def _colours(rest: str, count: int, name: str, text: str) -> tuple[Rgb, ...]:
    found = [parse_hex_colour(part.strip()) for part in rest.split(",")]
    colours = tuple(colour for colour in found if colour is not None)
    if len(found) != count or len(colours) != count:
        wanted = ",".join(["#rrggbb"] * count)
        raise ConfigError("bad_colour", f"{name} is '{text}'; a colour is '#rrggbb', such as '#e8e4de', and {count} of"
                                        f" them are needed here: {wanted}")  # fmt: skip
    return colours
