"""The gateway's stage with its server and real sockets; the graph is played here: no ROS."""

from __future__ import annotations

import itertools
import threading
import time

import numpy as np

from avatar_ros.core.enums import AgentState, PlaybackState, SessionKind
from avatar_ros.core.events import AvatarState
from avatar_ros.core.types import Expression, Sentence, SpeechChunk
from avatar_ros.gateway.base import WebSettings
from avatar_ros.gateway.service import serve
from avatar_ros.gateway.stage import GatewayStage
from avatar_ros.testing.web_visitor import WebVisitor

EPOCH = 5
VOICE = (np.sin(np.arange(24000) / 20) * 8000).astype(np.int16)
NO_PROCESS = "avatar_ros.no_such_module"
WAIT_S = 60.0


class Graph:
    """Runs the stage on a thread as its node does, and answers each typed text with VOICE."""

    def __init__(self, **settings):
        settings = WebSettings(**{"port": 0, "generate_warm": False, **settings})
        self.stage = GatewayStage(settings, lambda stage: serve(stage, NO_PROCESS))
        self.outs = []
        self._woken = threading.Event()
        self.stage.wake = self._woken.set
        self._turns = itertools.count(1)
        self._stopping = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.stage.load()
        self._thread.start()
        until_s = time.monotonic() + WAIT_S
        while not self.stage.view.accepting:  # before its first tick it lets nobody in
            assert time.monotonic() < until_s
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self._stopping = True
        self._thread.join()
        list(self.stage.deactivate(time.monotonic()))
        self.stage.close()

    def _run(self):
        while not self._stopping:
            self._woken.wait(0.05)
            self._woken.clear()
            with self._lock:
                for out in list(self.stage.tick(time.monotonic())):
                    self.outs.append(out)
                    self._answer(out)

    def _answer(self, out):
        session = getattr(out.message, "session", "")
        if out.topic == "session" and out.message.kind is SessionKind.OPENED:
            self.say(AvatarState(session, EPOCH, 0, AgentState.IDLE))
        elif out.topic == "speech/audio":  # a program's own voice
            chunk = out.message
            self.say(Expression(session, chunk.epoch, chunk.turn, sample=chunk.first_sample, last=chunk.turn_end))
            self.say(chunk)  # it comes back to who has published it
        elif out.topic == "speech/sentence":
            words, first = out.message, len(VOICE) * out.message.index
            pcm = VOICE if words.text else VOICE[:0]
            place = (words.epoch, words.turn, words.index, first, 24000)
            self.say(SpeechChunk(session, *place, pcm, turn_end=words.last))
        elif out.topic == "speech/transcript":
            turn = next(self._turns)
            self.say(AvatarState(session, EPOCH, turn, AgentState.THINKING))
            self.say(Sentence(session, EPOCH, turn, text="You said: " + out.message.text, last=True))
            for first in range(0, len(VOICE), 960):
                self.say(Expression(session, EPOCH, turn, sample=first))
                last = first + 960 >= len(VOICE)
                piece = VOICE[first : first + 960]
                self.say(SpeechChunk(session, EPOCH, turn, first_sample=first, pcm=piece, turn_end=last))

    def say(self, message):
        list(self.stage.push("", message, time.monotonic()))

    def sent(self, topic):
        return [out.message for out in self.outs if out.topic == topic]

    def clocks_to_the_end(self):
        """Of the turn of this epoch; the last one may come some time after the visitor has heard it all."""
        until_s = time.monotonic() + WAIT_S
        while time.monotonic() < until_s:
            clocks = [clock for clock in self.sent("speech/playback") if clock.epoch == EPOCH]
            if clocks and clocks[-1].state is PlaybackState.ENDED:
                return clocks
            time.sleep(0.05)
        raise AssertionError("the turn did not end")

    def visitor(self, **options):
        return WebVisitor(f"ws://127.0.0.1:{self.stage.port}/ws", **options)
