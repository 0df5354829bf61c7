"""The avatar as a robot's program sees it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Self, overload

from geometry_msgs.msg import Point
from std_srvs.srv import SetBool, Trigger

from avatar_ros.msg import KeyFrame
from avatar_ros.srv import SetExpression

from ..core.enums import SayWhen
from ..core.errors import AvatarRosError
from ..core.types import Transcript
from .avatar_link import AvatarLink
from .task import Answer, Gestured, Heard, Looked, Replied, Said, Task, Worn

_WHEN = {"queue": SayWhen.QUEUE, "now": SayWhen.NOW, "interrupt": SayWhen.INTERRUPT}
_STYLES = {"look": 0, "glance": 1}
_SERVICE_S = 5.0
_POLL_S = 0.1

When = Literal["queue", "now", "interrupt"]
News = Callable[[Any], None] | None


class NotReadyError(AvatarRosError):
    """The avatar, or a part of it, is not there."""


class Avatar:
    """One avatar, by its namespace. Close it, or use it in a `with`: what it still does for you ends then.

    Methods with `wait` block until it is over and return the result; with wait=False they return a Task at once. All
    may be called from any thread. on_news(news): called as it goes on, on another thread. Raises ConfigError for a
    namespace that ROS cannot have.
    """

    def __init__(self, namespace: str = "avatar") -> None:
        self._link = AvatarLink(namespace)
        self._namespace = namespace.strip("/")

    def close(self) -> None:
        """End what goes on, and leave."""
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    # --- is it there ------------------------------------------------------------------------------------------------

    def missing(self) -> list[str]:
        """The nodes that a conversation needs and that are not there yet."""
        return self._link.missing()

    def wait_until_ready(self, timeout_s: float = 60.0) -> None:
        """Until it can hear and speak. Raises NotReadyError naming what is missing."""
        deadline_s = time.monotonic() + timeout_s
        while missing := self.missing():
            if time.monotonic() > deadline_s:
                text = f"not ready within {timeout_s:g} s in /{self._namespace}: {', '.join(missing)} missing"
                raise NotReadyError("not_ready", f"{text}; is the kiosk running? ./avatar kiosk")
            time.sleep(_POLL_S)

    # --- speaking and hearing ---------------------------------------------------------------------------------------

    @overload
    def say(
        self, text: str, *, when: When = ..., locale: str = ..., expression: str = ..., on_news: News = ...,
        wait: Literal[True] = ...,
    ) -> Said: ...  # fmt: skip
    @overload
    def say(
        self, text: str, *, when: When = ..., locale: str = ..., expression: str = ..., on_news: News = ...,
        wait: Literal[False],
    ) -> Task[Said]: ...  # fmt: skip
    def say(
        self,
        text: str,
        *,
        when: When = "queue",
        locale: str = "",
        expression: str = "",
        on_news: News = None,
        wait: bool = True,
    ) -> Said | Task[Said]:
        """Say it: after what is being said (queue), after its sentence (now), or at once (interrupt)."""
        values = {"text": text, "when": int(_WHEN[when]), "locale": locale, "expression": expression}
        return self._start("say", on_news, wait, **values)

    @overload
    def ask(
        self, question: str, choices: Sequence[str] = ..., *, timeout_s: float = ..., locale: str = ...,
        expression: str = ..., on_news: News = ..., wait: Literal[True] = ...,
    ) -> Answer: ...  # fmt: skip
    @overload
    def ask(
        self, question: str, choices: Sequence[str] = ..., *, timeout_s: float = ..., locale: str = ...,
        expression: str = ..., on_news: News = ..., wait: Literal[False],
    ) -> Task[Answer]: ...  # fmt: skip
    def ask(
        self,
        question: str,
        choices: Sequence[str] = (),
        *,
        timeout_s: float = 8.0,
        locale: str = "",
        expression: str = "",
        on_news: News = None,
        wait: bool = True,
    ) -> Answer | Task[Answer]:
        """Ask, and ask once again if need be. choices: "yes|of course" are two ways to say one."""
        values = {"question": question, "choices": list(choices), "timeout_s": float(timeout_s)}
        return self._start("ask", on_news, wait, locale=locale, expression=expression, **values)

    @overload
    def listen(
        self, *, timeout_s: float = ..., phrases: Sequence[str] = ..., locale: str = ..., on_news: News = ...,
        wait: Literal[True] = ...,
    ) -> Heard: ...  # fmt: skip
    @overload
    def listen(
        self, *, timeout_s: float = ..., phrases: Sequence[str] = ..., locale: str = ..., on_news: News = ...,
        wait: Literal[False],
    ) -> Task[Heard]: ...  # fmt: skip
    def listen(
        self,
        *,
        timeout_s: float = 10.0,
        phrases: Sequence[str] = (),
        locale: str = "",
        on_news: News = None,
        wait: bool = True,
    ) -> Heard | Task[Heard]:
        """What somebody says next; the avatar does not answer it."""
        return self._start("listen", on_news, wait, timeout_s=float(timeout_s), phrases=list(phrases), locale=locale)

    @overload
    def chat(
        self, text: str, *, locale: str = ..., timeout_s: float = ..., on_news: News = ..., wait: Literal[True] = ...
    ) -> Replied: ...
    @overload
    def chat(
        self, text: str, *, locale: str = ..., timeout_s: float = ..., on_news: News = ..., wait: Literal[False]
    ) -> Task[Replied]: ...
    def chat(
        self, text: str, *, locale: str = "", timeout_s: float = 30.0, on_news: News = None, wait: bool = True
    ) -> Replied | Task[Replied]:
        """Say something to the avatar; it answers aloud, and here."""
        return self._start("chat", on_news, wait, text=text, locale=locale, timeout_s=float(timeout_s))

    def on_transcript(self, take: Callable[[Transcript], None]) -> None:
        """Have take(transcript) called for all that is heard, partial and final, on another thread."""
        self._link.subscribe("speech/transcript", take)

    # --- the face ---------------------------------------------------------------------------------------------------

    @overload
    def look_at(
        self, x: float, y: float, z: float, *, frame_id: str = ..., style: Literal["look", "glance"] = ...,
        hold_s: float = ..., wait: Literal[True],
    ) -> Looked: ...  # fmt: skip
    @overload
    def look_at(
        self, x: float, y: float, z: float, *, frame_id: str = ..., style: Literal["look", "glance"] = ...,
        hold_s: float = ..., wait: Literal[False] = ...,
    ) -> Task[Looked]: ...  # fmt: skip
    def look_at(
        self,
        x: float,
        y: float,
        z: float,
        *,
        frame_id: str = "avatar",
        style: Literal["look", "glance"] = "look",
        hold_s: float = 3.0,
        wait: bool = False,
    ) -> Looked | Task[Looked]:
        """Look at a point for hold_s (0: until cancelled, or the next). Metres: x to its left, y up, z forward."""
        point = Point(x=float(x), y=float(y), z=float(z))
        values = {"frame_id": frame_id, "style": _STYLES[style], "hold_s": float(hold_s)}
        return self._start("look_at", None, wait, target=point, **values)

    @overload
    def gesture(
        self, name: str = ..., *, key_frames: Sequence[Mapping[str, Any]] = ..., size: float = ...,
        wait: Literal[True] = ...,
    ) -> Gestured: ...  # fmt: skip
    @overload
    def gesture(
        self, name: str = ..., *, key_frames: Sequence[Mapping[str, Any]] = ..., size: float = ...,
        wait: Literal[False],
    ) -> Task[Gestured]: ...  # fmt: skip
    def gesture(
        self,
        name: str = "",
        *,
        key_frames: Sequence[Mapping[str, Any]] = (),
        size: float = 1.0,
        wait: bool = True,
    ) -> Gestured | Task[Gestured]:
        """A movement of config/gestures.yaml by its name, or by key frames as that file writes them."""
        frames = [_key_frame(frame) for frame in key_frames]
        return self._start("gesture", None, wait, name=name, key_frames=frames, size=float(size))

    def express(self, expression: str, hold_s: float = 0.0) -> None:
        """Make a face that lasts: "happy", "sad", …; "" for its own. hold_s 0: until the next."""
        self._call(SetExpression, "set_expression", SetExpression.Request(expression=expression, hold_s=float(hold_s)))

    @overload
    def wear(self, avatar: str, *, axes: str = ..., wait: Literal[True] = ...) -> Worn: ...
    @overload
    def wear(self, avatar: str, *, axes: str = ..., wait: Literal[False]) -> Task[Worn]: ...
    def wear(self, avatar: str, *, axes: str = "", wait: bool = True) -> Worn | Task[Worn]:
        """Show another avatar: a name of `./avatar avatars`, or an absolute path on its computer."""
        return self._start("set_avatar", None, wait, avatar=avatar, axes=axes)

    # --- the conversation as a whole --------------------------------------------------------------------------------

    def stop(self) -> None:
        """Fall silent; everything that any program wants of it ends."""
        self._call(Trigger, "stop", Trigger.Request())

    def forget(self) -> None:
        """Forget what was said: the next person is another one."""
        self._call(Trigger, "forget", Trigger.Request())

    def sleep(self) -> None:
        """Close the eyes; hear and answer nothing until `wake`."""
        self._call(Trigger, "sleep", Trigger.Request())

    def wake(self) -> None:
        """Be there again."""
        self._call(Trigger, "wake", Trigger.Request())

    def set_listening(self, listening: bool) -> None:
        """Whether anything of the microphone is listened to."""
        self._call(SetBool, "set_listening", SetBool.Request(data=listening))

    # --- machinery --------------------------------------------------------------------------------------------------

    def _start(self, action: str, on_news: News, wait: bool, **values: Any) -> Any:
        task = self._link.start(action, on_news, values)
        return task.result() if wait else task

    def _call(self, kind: Any, name: str, request: Any) -> None:
        response = self._link.call(kind, name, request, _SERVICE_S)
        if response is None:
            raise NotReadyError("no_skills", f"'{name}' was not answered in /{self._namespace}: is skills_node there?")
        if not response.success:
            raise NotReadyError(response.message.partition(":")[0] or "failed", f"{name}: {response.message}")


def _key_frame(frame: Mapping[str, Any]) -> KeyFrame:
    """{"at": 0.3, "browInnerUp": 0.5, "head": {"pitch": 8}} as its message."""
    shapes = {name: float(value) for name, value in frame.items() if name not in ("at", "head")}
    angles = {f"{axis}_deg": float(angle) for axis, angle in frame.get("head", {}).items()}
    return KeyFrame(time_s=float(frame["at"]), shapes=list(shapes), amounts=list(shapes.values()), **angles)
