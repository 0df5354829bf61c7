"""What finds the phones of a sentence without marks: PocketSphinx's acoustic model (aligned to its text, where it is
English), our own network (aligned to its text in any language that espeak-ng reads), both, or as a last resort the
loudness. What is not installed is reported and left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import ConfigError
from ..core.registry import how_to_install
from ..speech.g2p_espeak import EspeakG2p
from ..speech.pocketsphinx_acoustic import installed_model
from .aligner import AcousticModels, english_words
from .phone_settings import PhoneSettings
from .sources import FrameGrid, Listener, LoudnessSource, PhoneSource
from .text_phones import TextPhones

if TYPE_CHECKING:  # it imports onnxruntime
    from .network_listener import NetworkListener


def listen_to_loudness(grid: FrameGrid, text: str, locale: str) -> PhoneSource:
    """The Listener that needs no model."""
    return LoudnessSource(grid)


def expect_nothing(text: str, locale: str) -> None:
    """Where no text is aligned."""


@dataclass(frozen=True)
class ListenerFactory:
    """listen: makes a sentence's source; expect: gets a text's pronunciation ready; warning: what is missing, or ""."""

    listen: Listener = listen_to_loudness
    expect: Callable[[str, str], None] = expect_nothing
    warning: str = ""


def prepare(settings: PhoneSettings, g2p: EspeakG2p) -> ListenerFactory:
    """Load what `settings.sound_by` asks for, and run it once. Raises ConfigError where the network alone is asked for
    and cannot be used.
    """
    folder = installed_model()
    network, warning = _network(settings)
    if folder is None and network is None:
        return ListenerFactory(
            warning="PocketSphinx is not installed: without phone marks the mouth only follows the loudness; "
            f"install it with: {how_to_install('embedded')}"
        )
    g2p.load()
    acoustic = _acoustic(folder, settings.delay_s, g2p) if folder is not None else None
    if acoustic is None:
        warning = f"PocketSphinx is not installed: our network hears alone; {how_to_install('embedded')}"
    if network is None:
        return replace(acoustic or ListenerFactory(), warning=warning)
    heard = _with_network(network, TextPhones(g2p.text), acoustic, settings.sound_by == "both")
    return replace(heard, warning=warning)


def _acoustic(folder: Path, delay_s: float, g2p: EspeakG2p) -> ListenerFactory:
    """PocketSphinx's acoustic model, which has run once."""
    models = AcousticModels.load(folder, g2p)

    def listen(grid: FrameGrid, text: str, locale: str) -> PhoneSource:
        return models.listen(grid, text, locale, delay_s)

    listen(FrameGrid(0, 24000), "hello", "en").push(np.zeros(4800, np.int16))
    models.forget_voice()
    return ListenerFactory(listen, models.expect)


def _with_network(
    network: NetworkListener, texts: TextPhones, acoustic: ListenerFactory | None, both: bool
) -> ListenerFactory:
    """English texts are left to the acoustic model, where there is one; both: it hears beside the network too."""

    def expect(text: str, locale: str) -> None:
        if acoustic is not None and english_words(text, locale):
            acoustic.expect(text, locale)
        else:
            texts.graph(text, locale)

    english = acoustic.listen if acoustic is not None else None
    return ListenerFactory(network.with_texts(texts.graph, english if both else None, english), expect)


def _network(settings: PhoneSettings) -> tuple[NetworkListener | None, str]:
    """The network where it is wanted and can be had, and a warning where it cannot."""
    if settings.sound_by == "acoustic":
        return None, ""
    try:
        from .network_listener import NetworkListener

        return NetworkListener(settings.model), ""
    except ImportError as error:
        remedy = f"install it with: {how_to_install('embedded')}"
        problem = ConfigError("backend_not_installed", f"ONNX Runtime cannot be imported ({error}); {remedy}")
    except ConfigError as error:
        problem = error
    if settings.sound_by == "network":
        raise problem
    return None, f"all but English text is recognised by PocketSphinx alone: {problem}"
