"""Parameters and wiring of the skills. They have no backends: they are rules over the conversation's topics."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import Settings, setting
from ..core.stage import Port
from ..core.types import LOCAL_SESSION

PORT = Port(
    subscribes=("say_result", "state", "wear_result"),
    publishes=("say", "interrupt", "control", "gesture", "gaze_target", "wear", "speech/transcript"),
    on_demand=(
        *("speech/sentence", "speech/playback"),
        *("speech/transcript", "mic/voice_activity"),
        *("dialogue/prompt", "dialogue/reply"),
    ),
)


@dataclass(frozen=True)
class SkillsSettings(Settings):
    """Parameters of the skills node."""

    session: str = setting(LOCAL_SESSION, "session that actions and services are about")
    locale: str = setting("en-US", "language of choices and phrases of goals that name none; BCP 47")
    gestures_file: str = setting(
        "config/gestures.yaml", "movements that have a name; relative to the package's share folder"
    )
    dialogue_wait_s: float = setting(
        5.0, "a goal whose words no dialogue_node takes is given up after this time, s", low=0.5, high=600.0
    )
    avatar_wait_s: float = setting(
        60.0, "another avatar that the renderer has not shown by then is given up, s", low=1.0, high=600.0
    )
    client_silent_s: float = setting(
        5.0, "a client that is silent for this long is dead, and its goals end, s", low=1.0, high=600.0
    )
    tf_frame: str = setting("avatar_link", "the avatar's frame in tf2 (REP 103), on the floor below its eyes")
    hri: bool = setting(
        True, "what is heard as hri_msgs/LiveSpeech, and looks by hri_actions_msgs/LookAt, where those are installed"
    )
    phrase_limit: int = setting(50, "phrases or choices of one goal", low=1, high=1000)
    goal_limit: int = setting(100, "goals that may be under way; more are refused", low=1, high=10000)
