"""SetAvatar: the renderer's own word is the result; the last good wish stays where another is refused or taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from skills_kiosk import SkillsKiosk

from avatar_ros.core.enums import SayWhen
from avatar_ros.skills.goals import SetAvatarEnd, SetAvatarGoal


@pytest.fixture
def run(tmp_path: Path) -> SkillsKiosk:
    made = SkillsKiosk(tmp_path)
    made.run(1.0)
    return made


def standing(run: SkillsKiosk) -> tuple[str, bool]:
    """What a renderer that is started now would read."""
    last = run.sent("wear")[-1]
    return last.avatar, last.withdraw


def test_another_face_is_shown(run: SkillsKiosk) -> None:
    assert run.end_of(run.start(SetAvatarGoal(avatar="bolt"))) == SetAvatarEnd(True, "bolt")
    assert run.renderer.avatar.name == "bolt" and standing(run) == ("bolt", False)


def test_what_is_refused_gives_way_to_the_last_good_one(run: SkillsKiosk) -> None:
    first = run.end_of(run.start(SetAvatarGoal(avatar="bob")))
    assert not first.done and first.reason.startswith("avatar_not_found: no avatar is called 'bob'")
    assert standing(run) == ("", True)
    run.end_of(run.start(SetAvatarGoal(avatar="bolt")))
    assert run.end_of(run.start(SetAvatarGoal(avatar="bob"))).avatar == "bolt"
    assert standing(run) == ("bolt", False)


@pytest.mark.parametrize("avatar", ["", "  "])
def test_no_name_is_refused(run: SkillsKiosk, avatar: str) -> None:
    assert run.end_of(run.start(SetAvatarGoal(avatar=avatar))) == SetAvatarEnd(reason="empty_avatar")


def test_without_a_renderer_it_is_refused_and_one_that_hangs_is_given_up(run: SkillsKiosk) -> None:
    run.deaf.add("wear")
    assert run.end_of(run.start(SetAvatarGoal(avatar="bolt"))) == SetAvatarEnd(reason="no_renderer")
    run.deaf.clear()
    run.remove("renderer")
    goal = run.start(SetAvatarGoal(avatar="bolt"))
    run.run(59.0)
    assert goal not in run.ends
    assert run.end_of(goal, 5.0) == SetAvatarEnd(reason="no_answer") and standing(run) == ("", True)


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (lambda run, goal: run.cancel(goal), "cancelled"),
        (lambda run, goal: run.ordered(SayWhen.STOP), "stopped"),
        (lambda run, goal: run.start(SetAvatarGoal(avatar="ben")), "replaced"),
    ],
)
def test_it_is_taken_back(run: SkillsKiosk, stop, reason: str) -> None:  # type: ignore[no-untyped-def]
    run.remove("renderer")  # it takes its time
    goal = run.start(SetAvatarGoal(avatar="bolt"))
    stop(run, goal)
    assert run.end_of(goal, 5.0) == SetAvatarEnd(reason=reason)
    assert run.sent("wear", withdraw=True)
