"""Voices in simulated rooms (image sources, pyroomacoustics), heard by arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from avatar_ros.core.rates import LISTENING_RATE_HZ
from avatar_ros.mic.array_geometry import PRESETS

ROOM_M = (6.0, 5.0, 2.7)
ARRAY_M = np.array([0.9, 2.5, 1.2])
LEAD_S = 1.0


def room_recording(voice: Any, array: str, azimuth_deg: float, t60_s: float = 0.35, distance_m: float = 1.4) -> Any:
    """[n, microphones] int16: silence of LEAD_S with a little noise, then the voice [n] at LISTENING_RATE_HZ."""
    pra = pytest.importorskip("pyroomacoustics", reason="pyroomacoustics (requirements/test.txt) is not installed")
    absorbed, order = pra.inverse_sabine(t60_s, ROOM_M)
    room = pra.ShoeBox(ROOM_M, fs=LISTENING_RATE_HZ, materials=pra.Material(absorbed), max_order=min(order, 12))
    azimuth = np.radians(azimuth_deg)
    mouth = ARRAY_M + distance_m * np.array([np.cos(azimuth), np.sin(azimuth), 0.25])
    room.add_source(mouth, signal=np.concatenate([np.zeros(round(LEAD_S * LISTENING_RATE_HZ)), voice]))
    room.add_microphone_array((ARRAY_M + PRESETS[array].positions).T)
    room.simulate()
    sound = room.mic_array.signals.T
    noise = np.random.default_rng(1).normal(0.0, 8.0, sound.shape)
    return np.round(sound * 6000 / np.abs(sound).max() + noise).astype(np.int16)
