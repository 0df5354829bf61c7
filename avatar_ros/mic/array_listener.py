"""An array of microphones heard as one, and where the voice is that it hears."""

from __future__ import annotations

from math import pi, radians

from ..audio.base import Block
from ..core.arrays import Pcm
from ..core.clock import ns_from_s
from ..core.events import VoiceDirection
from ..core.rates import LISTENING_RATE_HZ
from .array_geometry import ArrayGeometry, read_geometry
from .base import MicSettings
from .beam import LATE_SAMPLES, Beam, BestChannel
from .direction_finder import DirectionFinder

#: A direction is told so often while there is a voice; after so much silence the next voice is somebody else's, s.
_TOLD_EVERY_S, _FORGET_S = 0.1, 0.7


class ArrayListener:
    """Told blocks of all microphones; gives one channel, and a direction now and then."""

    def __init__(self, settings: MicSettings, geometry: ArrayGeometry) -> None:
        self._settings = settings
        self._finder = DirectionFinder(geometry.positions, linear=geometry.linear)
        self._beam = Beam(geometry.positions)
        self._best = BestChannel(len(geometry.channels))
        self._voice_s = self._told_s = float("-inf")
        self.direction: VoiceDirection | None = None  # the last one

    def hear(self, block: Block, *, own_voice: bool) -> tuple[Block, VoiceDirection | None]:
        """One channel of the block; where somebody speaks, if that is due. own_voice: the loudspeaker plays."""
        if block.pcm.ndim == 1:  # silence, while there is no card
            return block, None
        voiced = self._finder.push(block.pcm)
        found = None if own_voice else self._direction(block.at_s, voiced=voiced)
        if own_voice:
            self._finder.forget()
        return self._heard(block, voiced=voiced, steered=not own_voice), found

    def _direction(self, at_s: float, *, voiced: bool) -> VoiceDirection | None:
        if not voiced:
            return None
        if at_s - self._voice_s > _FORGET_S:
            self._finder.forget()
        self._voice_s = at_s
        if at_s - self._told_s < _TOLD_EVERY_S:
            return None
        found = self._finder.estimate()
        if found is None or found.sureness < self._settings.array_sureness:
            return None
        self._told_s = at_s
        self._beam.aim(found.azimuth_rad)
        azimuth = (found.azimuth_rad + radians(self._settings.array_yaw_deg) + pi) % (2 * pi) - pi
        self.direction = VoiceDirection(
            session=self._settings.session,
            frame_id=self._settings.array_frame,
            azimuth_rad=azimuth,
            spread_rad=found.spread_rad,
            sureness=found.sureness,
            steady_ns=ns_from_s(at_s),
        )
        return self.direction

    def _heard(self, block: Block, *, voiced: bool, steered: bool) -> Block:
        if self._settings.array_hear == "beam":
            pcm: Pcm = self._beam.hear(block.pcm, steered=steered)
            return Block(pcm, block.at_s - LATE_SAMPLES / LISTENING_RATE_HZ)
        if self._settings.array_hear == "best":
            return Block(self._best.hear(block.pcm, voiced=voiced, steered=steered), block.at_s)
        return Block(block.pcm[:, 0].copy(), block.at_s)


def make_listener(settings: MicSettings) -> ArrayListener | None:
    """None for a single microphone. Raises ConfigError where the array cannot be."""
    return ArrayListener(settings, read_geometry(settings.array, settings.array_channels)) if settings.array else None
