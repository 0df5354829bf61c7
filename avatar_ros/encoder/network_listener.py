"""Our own network as a listener: alone, or beside PocketSphinx's acoustic model."""

from __future__ import annotations

from copy import copy

import numpy as np
import onnxruntime

from ..speech.mel_features import VoiceLevel
from ..speech.phone_network import PhoneNetwork
from .aligner import english_words
from .network_source import FusedSource, NetworkSource
from .sources import FrameGrid, Listener, PhoneSource

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

    def beside(self, listen: Listener, sound_by: str) -> Listener:
        """A Listener that leaves sentences with English text to `listen` and lets the network recognise the others.

        sound_by: "network", the network alone, or "both": the two weighted.
        """

        def source(grid: FrameGrid, text: str, locale: str) -> PhoneSource:
            if english_words(text, locale):
                return listen(grid, text, locale)
            if sound_by == "network":
                return self.listen(grid)
            return FusedSource(self.listen(copy(grid)), listen(grid, "", locale), FUSED_SHARE)

        return source
