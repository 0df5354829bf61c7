"""A question that fades out is told as likely before the recogniser is sure of it, and then as what it is."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from avatar_ros.asr.base import AsrSettings, Hypothesis
from avatar_ros.asr.sphinx import SphinxRecogniser
from avatar_ros.core.types import EVENT_LIKELY
from avatar_ros.speech.resample import Resampler
from avatar_ros.testing.spoken_questions import RATE_HZ, speak

QUESTIONS = ("what is your name", "how do you work", "can you hear me")


def test_known_questions_are_likely_before_they_are_certain() -> None:
    recogniser = SphinxRecogniser(AsrSettings())
    recogniser.load()
    for question, spoken in zip(QUESTIONS, speak(list(QUESTIONS)), strict=True):
        heard = Resampler(RATE_HZ).push(spoken).astype(np.int16)
        loud = np.flatnonzero(np.abs(heard) > 100)
        sound = np.pad(heard[loud[0] : loud[-1]], (4800, 8000))  # as vad_node hands it on
        stream, told = recogniser.start(), list[Hypothesis]()
        for at in range(0, len(sound), 512):
            stream.accept(sound[at : at + 512])
            told.append(stream.partial())
        likely = [i for i, one in enumerate(told) if EVENT_LIKELY in one.events and one.text == question]
        certain = [i for i, one in enumerate(told) if one.complete and one.text == question]
        assert likely and certain and likely[0] < certain[0], question
        assert not any(one.complete for one in told if EVENT_LIKELY in one.events)
        assert stream.finish().text == question
    recogniser.close()
