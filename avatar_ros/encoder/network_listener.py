"""Our own network as a listener: alone, beside PocketSphinx's acoustic model, or with a text that it is aligned to."""

from __future__ import annotations

from copy import copy

import numpy as np
import onnxruntime

from ..speech.mel_features import VoiceLevel
from ..speech.phone_network import PhoneNetwork
from .aligner import english_words
from .network_source import FusedSource, NetworkSource
from .sources import FrameGrid, Listener, PhoneSource
from .text_phones import GraphOfText
from .text_source import TextSource

#: The network's weight where both are combined; models/lips.md has the scores of others.
FUSED_SHARE = 0.5


class NetworkListener:
    """The network and what it has learnt of the voice: level and colour, kept from sentence to sentence."""

    def __init__(self, path: str = "") -> None:
        """path: the ONNX file; "" for models/lips.onnx. Runs it once. Raises ConfigError."""
        self._model = PhoneNetwork(onnxruntime, path)
        self.forget_voice()
        self.listen(FrameGrid(0, 16000)).push(np.zeros(3200, np.int16))
        self.forget_voice()

    def forget_voice(self) -> None:
        """The next voice is another one."""
        self._level = VoiceLevel(self._model.colour)

    def listen(self, grid: FrameGrid, text: str = "", locale: str = "") -> NetworkSource:
        """A source for one sentence, whatever its text."""
        return NetworkSource(self._model, self._level, grid)

    def with_texts(self, graph_of: GraphOfText, sound: Listener | None, english: Listener | None) -> Listener:
        """A Listener that aligns texts to what the network hears.

        sound: heard too, equally weighted, where the text does not fit; english: what English texts are left to. None
        for either: the network does it.
        """

        def source(grid: FrameGrid, text: str, locale: str) -> PhoneSource:
            if english is not None and english_words(text, locale):
                return english(grid, text, locale)
            graph = graph_of(text, locale)
            aligned = TextSource(graph) if graph is not None else None
            own = NetworkSource(self._model, self._level, copy(grid), aligned.heard if aligned else None)
            both = FusedSource(own, sound(grid, "", locale), FUSED_SHARE) if sound is not None else own
            return aligned.beside(both) if aligned else both

        return source
