"""Parameters and wiring of the monitor."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import Settings, setting
from ..core.stage import Port
from ..core.types import LOCAL_SESSION

PORT = Port(
    subscribes=(
        "mic/voice_activity",
        "speech/transcript",
        "dialogue/prompt",
        "dialogue/reply",
        "speech/sentence",
        "speech/audio",
        "motion/expression",
        "speech/playback",
        "speech/played",
        "frame_info",
        "state",
    ),
    publishes=("turn_report",),
)


@dataclass(frozen=True)
class MonitorSettings(Settings):
    """Parameters of the monitor node."""

    session: str = setting(LOCAL_SESSION, "session that is watched")
    report: str = setting("", "JSON file for the turns, rewritten after each; empty: none")
    turns: int = setting(0, "leave after so many answers; 0: never", low=0, high=1000000)
    leave_after_s: float = setting(
        60.0, "with turns: leave too when nobody says anything for so long, s; 0: never", low=0.0, high=86400.0
    )
    linger_s: float = setting(0.5, "stay so long after the last answer: a recording ends well, s", low=0.0, high=60.0)
    sound_threshold_db: float = setting(-50.0, "what counts as sound at the speaker, dBFS", low=-90.0, high=0.0)
    mouth_threshold: float = setting(
        0.05, "mouth opening that counts as first_mouth, 0-1; behind m, p, sh 50-120 ms later", low=0.001, high=1.0
    )
    settle_s: float = setting(0.3, "wait for stragglers before a turn is reported, s", low=0.0, high=10.0)
    give_up_after_s: float = setting(60.0, "report a turn of which no news comes for so long, s", low=1.0, high=3600.0)
