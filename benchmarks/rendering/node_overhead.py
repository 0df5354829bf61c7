"""What a whole turn of the renderer stage costs over bare rasterisation: face, clips, morphs, pose, handing over.

The frame ends in the computer's memory, as screens and encoders want it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.core.enums import AgentState, Layer, PlaybackState
from avatar_ros.core.events import AvatarState
from avatar_ros.core.frame_sink import FrameSink
from avatar_ros.core.types import Expression, PlaybackClock
from avatar_ros.render.pose import portrait_camera
from avatar_ros.render.stage import RendererSettings, RenderStage

WITH_BARE = ("cpu", "gsplat")
BARE_STAGES = ("project_ms", "sort_ms", "bin_ms", "blend_ms")
FPS = 30.0
RATE_HZ = 24000
WARM_UP_TURNS = 10


@dataclass(frozen=True)
class NodeCost:
    """Medians, ms."""

    node_ms: float
    bare_ms: float


class HungrySink(FrameSink):
    """Wants every frame and keeps none."""

    def wants_frames(self) -> bool:
        """Always."""
        return True

    def show(self, rgba: np.ndarray, shown_at_s: float) -> None:
        """Look away."""


def measure_node(backend: str, avatar: str, size: tuple[int, int], threads: int, turns: int) -> NodeCost:
    """Let a stage draw a speaking face `turns` times; on its own, without ROS."""
    settings = RendererSettings(backend=backend, avatar=avatar, width=size[0], height=size[1], threads=threads, fps=FPS)
    stage = RenderStage(settings, lambda: [HungrySink()])
    stage.load()
    speak(stage, turns + WARM_UP_TURNS)
    bare = bare_of(stage, backend, size)
    node_ms, bare_ms = [], []
    for i in range(turns + WARM_UP_TURNS):
        keep_alive(stage, i / FPS)
        started_s = time.perf_counter()
        list(stage.tick(i / FPS))
        node_ms.append(1000 * (time.perf_counter() - started_s))
        bare_ms.append(bare())
    stage.close()
    return NodeCost(float(np.median(node_ms[WARM_UP_TURNS:])), float(np.median(bare_ms[WARM_UP_TURNS:])))


def speak(stage: RenderStage, frames: int) -> None:
    """Give the stage a turn's lips."""
    rng = np.random.default_rng(0)
    stage.push("state", AvatarState(turn=1, state=AgentState.SPEAKING), 0.0)
    for i in range(frames + 10):
        weights = (rng.random(ARKIT_COUNT) * (rng.random(ARKIT_COUNT) < 0.5)).astype(np.float32)
        stage.push("motion/expression", Expression(turn=1, sample=round(i * RATE_HZ / FPS), weights=weights), 0.0)


def keep_alive(stage: RenderStage, now_s: float) -> None:
    """The playback clock that plays them, and idle movement below, as they come during a conversation."""
    steady_ns, sample = round(now_s * 1e9), round(now_s * RATE_HZ)
    idle = Expression(layer=Layer.IDLE, head_rotation=(0.9998, 0.0, 0.02, 0.0), steady_ns=steady_ns)
    clock = PlaybackClock(turn=1, sample=sample, state=PlaybackState.PLAYING, steady_ns=steady_ns)
    stage.push("motion/expression", idle, now_s)
    stage.push("speech/playback", clock, now_s)


def bare_of(stage: RenderStage, backend: str, size: tuple[int, int]) -> Callable[[], float]:
    """A function that says what the rasterisation alone takes, ms: after each turn, of splats like the turn's."""
    drawer: Any = stage.rasteriser
    if backend == "cpu":
        return lambda: sum(drawer.stats[name] for name in BARE_STAGES)
    import torch

    camera = portrait_camera(stage.avatar, *size)
    call = drawer.bare(np.full(ARKIT_COUNT, 0.2, np.float32), np.eye(4), camera)

    def timed() -> float:
        torch.cuda.synchronize()
        started_s = time.perf_counter()
        call()
        torch.cuda.synchronize()
        return 1000 * (time.perf_counter() - started_s)

    return timed
