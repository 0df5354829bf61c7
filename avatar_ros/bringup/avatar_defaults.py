"""What an avatar's own card asks of the nodes, where neither the user nor the profile says otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.avatar_card import AvatarCard, entries_of, read_card
from ..core.avatar_names import BUILT_IN, avatar_file
from ..core.errors import ConfigError
from ..core.parameter_file import read_parameter_file
from ..core.yaml_text import load_texts

#: Nodes with a parameter `locale`, and what it is where nobody says otherwise.
USUAL_LOCALE = "en-US"
SPEAK_A_LANGUAGE = ("vad_node", "asr_node", "dialogue_node", "llm_node", "tts_node")

#: Parameter values that the graph sets; ROS knows no other types.
Value = bool | int | float | str | list[str]
Parameters = Mapping[str, Mapping[str, Value]]  # node name -> parameter -> value


def avatar_defaults(avatar: str, namespace: str, files: tuple[Path, ...], locale: str = "") -> Parameters:
    """Parameters of the card of `avatar` ("" for the one that the profile's files name) that no file sets.

    namespace: of the nodes, absolute; locale: what the user said of it, "" for nothing. Raises ConfigError for a card
    that cannot be read.
    """
    import yaml

    sections = [section for path in files for section in read_parameter_file(yaml, path)]

    def is_set(node: str, parameter: str) -> bool:
        return any(parameter in s.lines and s.matches(f"{namespace}/{node}") for s in sections)

    card = read_card(yaml, avatar_file(avatar) if avatar else _file_of_profile(files))
    given = {
        node: {name: value for name, value in values.items() if not is_set(node, name)}
        for node, values in card_parameters(card).items()
    }
    if not locale and not is_set("dialogue_node", "locale"):  # else it stays, whoever is put on
        given["renderer_node"]["home_locale"] = card.locale or USUAL_LOCALE
    not_set = {backend: entries for backend, entries in card.voices.items() if f"{backend}.voices" in given["tts_node"]}
    if not_set:
        given["tts_node"]["voices_of_avatar"] = entries_of(not_set)
    return given


def card_parameters(card: AvatarCard) -> Parameters:
    """Node name -> what the card asks for; the view and the weights are the avatar loader's."""
    wanted: dict[str, dict[str, Value]] = {node: {} for node in ("renderer_node", *SPEAK_A_LANGUAGE)}
    if card.background:
        wanted["renderer_node"]["background"] = card.background
    for node in SPEAK_A_LANGUAGE if card.locale else ():
        wanted[node]["locale"] = card.locale
    wanted["tts_node"] |= {f"{backend}.voices": list(entries) for backend, entries in card.voices.items()}
    return wanted


def with_defaults(parameters: Parameters, defaults: Parameters) -> dict[str, dict[str, Value]]:
    """Parameters by node, with the defaults where they say nothing."""
    nodes = dict.fromkeys((*parameters, *defaults))
    return {node: {**defaults.get(node, {}), **parameters.get(node, {})} for node in nodes}


def _file_of_profile(files: tuple[Path, ...]) -> Path:
    name = avatar_of_profile(files)
    try:
        return avatar_file(name)
    except ConfigError as error:
        raise ConfigError(error.code, f"avatar of renderer_node in {', '.join(map(str, files))}: {error}") from error


def avatar_of_profile(files: tuple[Path, ...]) -> str:
    """The renderer's avatar as parameter files have it; the last counts. Raises ConfigError where one is no YAML."""
    import yaml

    chosen = BUILT_IN
    for path in files:
        for node, parameters in _sections(load_texts(yaml, path, "bad_profile"), ""):
            if node in ("renderer_node", "*", "**"):
                chosen = str(parameters.get("avatar", chosen))
    return chosen


def _sections(tree: Any, node: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(node's name, parameters), whatever namespaces they stand in."""
    for key, value in tree.items() if isinstance(tree, dict) else ():
        if key == "ros__parameters" and isinstance(value, dict):
            yield node, value
        else:
            yield from _sections(value, str(key).rpartition("/")[2])
