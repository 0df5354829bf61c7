"""Backend `network`: phones recognised by our own network (models/lips.onnx); no text, no marks, no PocketSphinx."""

from __future__ import annotations

from ..speech.loudness import LoudnessMeter
from .base import EncoderSettings
from .listener_factory import listen_to_loudness
from .network_listener import NetworkListener
from .phone_encoder import PhoneEncoder
from .phone_settings import NetworkSettings, PhoneSettings
from .sources import FrameGrid, PhoneSource


class NetworkEncoder(PhoneEncoder):
    """Makes PhoneStreams whose sentences are all recognised by the network."""

    def __init__(self, settings: EncoderSettings, own: NetworkSettings) -> None:
        super().__init__(settings, PhoneSettings(own.model))
        self._path = own.model
        self._listener: NetworkListener | None = None

    def load(self) -> None:
        """Load the network and run it once. The voice is unknown again. Raises ConfigError."""
        self._listener = NetworkListener(self._path)
        self.meter = LoudnessMeter()

    @property
    def use_marks(self) -> bool:
        return False

    def source(self, grid: FrameGrid, text: str, locale: str) -> PhoneSource:
        """A source for one sentence."""
        return self._listener.listen(grid) if self._listener is not None else listen_to_loudness(grid, text, locale)

    def close(self) -> None:
        """Free the network."""
        self._listener = None
