"""The card that an avatar may carry: its title, licence, and the defaults that suit it.

It is `avatar.yaml` in the zip, or a file beside the avatar (head.zip: head.avatar.yaml), whose entries count more:

    title: Ben, a man of about thirty-five
    licence: Apache-2.0
    voice: a man's                       # for people to read
    defaults:                            # used where neither the user nor the profile says otherwise
      locale: en-US
      voices: {espeak: [en-US=en-us+m3]}    # parameters of tts_node: espeak.voices
      background: studio                    # any of core/backdrop_words.py but pictures
      light: {exposure_ev: 0.4, temperature_k: 5200, tint: 5}   # what it was photographed in
      camera: {zoom: 1.1, up_m: 0.01}       # of the usual view of the head
      weights: {jawOpen: 1.1}               # factors of ARKit shapes, 0 to 2

`core` imports no YAML: the module comes in as an argument.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from .arkit import ARKIT_INDEX
from .backdrop_words import parse_backdrop
from .errors import AvatarError, ConfigError
from .parameter_file import nearest

CARD = "avatar.yaml"
MAX_CARD_BYTES = 64 * 1024
_ENTRIES = ("title", "licence", "made_by", "voice", "defaults")
_DEFAULTS = ("locale", "voices", "background", "light", "camera", "weights")
#: Of all backends together.
_MOST_VOICES = 200
ZOOM, UP_M, FACTOR = (0.2, 5.0), (-1.0, 1.0), (0.0, 2.0)
LIGHT = {"exposure_ev": (-3.0, 3.0), "temperature_k": (2000.0, 20000.0), "tint": (-100.0, 100.0)}


@dataclass(frozen=True)
class AvatarCard:
    """What an avatar says of itself; "" and 1.0 where it says nothing.

    voices: backend of tts_node -> 'locale=voice' each; light: names as in avatar/light.py; zoom and up_m (metres): of
    the usual view of the head; weights: ARKit name -> factor.
    """

    title: str = ""
    licence: str = ""
    made_by: str = ""
    voice: str = ""
    locale: str = ""
    voices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    background: str = ""
    light: Mapping[str, float] = field(default_factory=dict)
    zoom: float = 1.0
    up_m: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)


def entries_of(voices: Mapping[str, Iterable[str]]) -> list[str]:
    """The voices of a card, 'backend:locale=voice' each."""
    return [f"{backend}:{entry}" for backend, entries in voices.items() for entry in entries]


def read_card(yaml: Any, path: Path) -> AvatarCard:
    """The card of an avatar file, with what stands beside it. Raises AvatarError naming the file and the entry."""
    entries: dict[str, Any] = {}
    texts = _texts(path)
    for where, text in texts:
        for name, value in _entries(yaml, where, text).items():
            both = isinstance(value, dict) and isinstance(entries.get(name), dict)
            entries[name] = entries[name] | value if both else value
    return _card(" and ".join(where for where, _ in texts) or str(path), entries)


def _texts(path: Path) -> list[tuple[str, bytes]]:
    """(where, YAML) of the card inside and of the one beside."""
    out = []
    if path.suffix.lower() == ".zip" and path.is_file():
        out += _inside(path)
    beside = path.with_name(f"{path.stem}.{CARD}")
    if beside.is_file():
        with beside.open("rb") as file:
            out.append((str(beside), file.read(MAX_CARD_BYTES + 1)))
    return out


def _inside(path: Path) -> list[tuple[str, bytes]]:
    """Whatever is wrong with the zip itself, the avatar's own loader says better."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = next((n for n in archive.namelist() if n.replace("\\", "/").split("/")[-1] == CARD), None)
            if name is None:
                return []
            with archive.open(name) as file:
                return [(f"{path}: {CARD}", file.read(MAX_CARD_BYTES + 1))]
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError, zlib.error):
        return []


def _entries(yaml: Any, where: str, text: bytes) -> dict[str, Any]:
    if len(text) > MAX_CARD_BYTES:
        _refuse(where, f"it is larger than {MAX_CARD_BYTES >> 10} KiB; is it the right file?")
    try:
        tree = yaml.safe_load(text.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError, yaml.YAMLError) as error:
        _refuse(where, f"it is no YAML ({' '.join(str(error).split())[:120]}); correct it, or remove the file")
    if not isinstance(tree, dict):
        _refuse(where, f"entries are expected: {', '.join(_ENTRIES)}")
    _known(where, tree, _ENTRIES)
    return tree


def _card(where: str, entries: Mapping[str, Any]) -> AvatarCard:
    defaults = _mapping(where, "defaults", entries.get("defaults"))
    _known(f"{where}: defaults", defaults, _DEFAULTS)
    camera = _mapping(where, "camera", defaults.get("camera"))
    light = _mapping(where, "light", defaults.get("light"))
    _known(f"{where}: light", light, tuple(LIGHT))
    _known(f"{where}: camera", camera, ("zoom", "up_m"))
    texts = {name: _text(where, name, entries.get(name, "")) for name in _ENTRIES[:-1]}
    return AvatarCard(
        **texts,
        locale=_text(where, "locale", defaults.get("locale", "")),
        voices=_voices(where, _mapping(where, "voices", defaults.get("voices"))),
        background=_background(where, _text(where, "background", defaults.get("background", ""))),
        light={name: _number(where, name, value, LIGHT[name]) for name, value in light.items()},
        zoom=_number(where, "zoom", camera.get("zoom", 1.0), ZOOM),
        up_m=_number(where, "up_m", camera.get("up_m", 0.0), UP_M),
        weights=_weights(where, _mapping(where, "weights", defaults.get("weights"))),
    )


def _known(where: str, tree: Mapping[Any, Any], names: tuple[str, ...]) -> None:
    for name in tree:
        if name not in names:
            _refuse(where, f"'{name}' is unknown; known: {', '.join(names)}{nearest(str(name), list(names))}")


def _mapping(where: str, name: str, value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        _refuse(where, f"{name} is {value!r:.40}; give entries (name: value)")
    return value


def _text(where: str, name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > 400 or not value.isprintable():
        _refuse(where, f"{name} is {value!r:.40}; give a line of text, in quotes")
    return value


def _number(where: str, name: str, value: Any, bounds: tuple[float, float]) -> float:
    low, high = bounds
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not low <= value <= high:
        _refuse(where, f"{name} is {value!r:.40}; give a number of {low:g} to {high:g}")
    return float(value)


def _voices(where: str, voices: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    out = {}
    for backend, entries in voices.items():
        good = isinstance(entries, list) and all(isinstance(e, str) and "=" in e for e in entries)
        if not good or not str(backend).isidentifier():
            _refuse(where, f"voices of {backend} are {entries!r:.40}; give a list of 'locale=voice'")
        out[str(backend)] = tuple(entries)
    if sum(map(len, out.values())) > _MOST_VOICES:
        _refuse(where, f"it names more than {_MOST_VOICES} voices; leave some out")
    return out


def _background(where: str, text: str) -> str:
    try:
        if text:
            parse_backdrop(text, pictures=False)
    except ConfigError as error:
        _refuse(where, f"{error.text}, in quotes")
    return text


def _weights(where: str, weights: Mapping[str, Any]) -> dict[str, float]:
    for name in weights:
        if name not in ARKIT_INDEX:
            _refuse(where, f"weights: '{name}' is no ARKit shape{nearest(str(name), list(ARKIT_INDEX))}")
    return {name: _number(where, name, value, FACTOR) for name, value in weights.items()}


def _refuse(where: str, what: str) -> NoReturn:
    raise AvatarError("avatar_card", f"{where}: {what}")
