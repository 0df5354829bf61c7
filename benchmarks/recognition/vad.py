"""Measures voice detection: recorded sentences in recorded noise, windows of 32 ms, speech missed and falsely found.

Two decisions are measured. "windows" is which windows the stage counts as speech rather than silence; "utterance" is
what it hands on, where the wait for the end of a turn bridges pauses. Each is compared with two sets of
labels: the ones that come with the recordings, and the words' times from a forced alignment of the transcript by
PocketSphinx.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.arrays import Pcm
from avatar_ros.core.enums import VoiceKind
from avatar_ros.core.levels import level_dbfs
from avatar_ros.core.rates import LISTENING_RATE_HZ
from avatar_ros.core.stage import Out
from avatar_ros.core.types import AudioFrame, VoiceActivity
from avatar_ros.vad.base import WINDOW_SAMPLES, VadSettings, VoiceDetector
from avatar_ros.vad.session import VadSession
from avatar_ros.vad.silero import SileroVad
from avatar_ros.vad.stage import VadStage
from avatar_ros.vad.windows import Window

from .bootstrap import ratio, shown
from .recordings import Flags, read_wav, with_noise

#: Relative to its speech a recording is quiet below this, dB: voices fade by less within a word.
_QUIET_DB = -12.0
_SILENT_PHONES = frozenset(["sil", "sp", "spn", "pau", ""])
_LEAD_S = 2.0
_CONDITIONS: tuple[float | None, ...] = (None, 10.0, 0.0)  # dB; None: as recorded
_NOISES = ("noise2", "noise3")
_SETTINGS = VadSettings(backend="silero")
#: A word of the test data that the pronouncing dictionary lacks.
_UNUSUAL = {"yknow": "Y AH N OW"}


@dataclass(frozen=True)
class _Recording:
    """Sound with silence around it; which samples are speech, by the recording's labels and by alignment."""

    name: str
    pcm: Pcm
    given: Flags
    aligned: Flags


def measure(data: Path, speech: Sequence[Path] = ()) -> dict[str, Any]:
    """Prints the table and returns it: percent with 95 % intervals, by condition, labels and decision.

    data: folder with acoustics/ and speech/; speech: other folders with a transcripts.json.
    """
    recordings = [each for folder in speech or [data / "speech"] for each in _recordings(folder)]
    detector = SileroVad(_SETTINGS)
    detector.load()
    table: dict[str, Any] = {"label quality": [_quality(recording) for recording in recordings]}
    for snr_db in _CONDITIONS:
        found = [(recording, _detect(detector, pcm)) for recording, pcm in _heard(data, recordings, snr_db)]
        name = "as recorded" if snr_db is None else f"{snr_db:.0f} dB"
        for labels in ("given", "aligned"):
            for decision in ("windows", "utterance"):
                pairs = [(getattr(recording, labels), flags[decision]) for recording, flags in found]
                table[f"{name}, {labels} labels, {decision}"] = row = _compare(pairs)
                print(
                    f"{name:11s} {labels:7s} labels  {decision:9s}  missed {shown(row['missed'])}   "
                    f"false {shown(row['false'])}"
                )
        table[f"{name}, false in quiet"] = quiet = _false_in_quiet(found)
        print(f"{name:11s} false by given labels, {-_QUIET_DB:.0f} dB below speech in the recording: {shown(quiet)}")
        table[f"{name}, longest false"] = stretches = _longest_false(found, _noises(snr_db))
        for one in stretches:
            where = f"{one['recording']} {one['from_s']:.2f} to {one['to_s']:.2f} s"
            print(
                f"{name:11s} false longest, {one['noise']}: {where}, in the recording {one['level_db']:+.1f} dB "
                f"relative to speech; without it false {one['false_without']:.1f} %"
            )
    for quality in table["label quality"]:
        print(
            f"{quality['recording']:16s} labels and alignment agree in {quality['agree_percent']:.1f} % of windows; "
            f"speech after the last label {quality['speech_after_labels_s']:.2f} s, its level "
            f"{quality['level_after_labels_db']:+.1f} dB relative to labelled speech"
        )
    return table


def _heard(data: Path, recordings: list[_Recording], snr_db: float | None) -> Iterator[tuple[_Recording, Pcm]]:
    for noise_name in _noises(snr_db):
        for recording in recordings:
            pcm = recording.pcm
            if snr_db is not None:
                pcm = with_noise(pcm, read_wav(data / "acoustics" / f"{noise_name}.wav"), snr_db, recording.given)
            yield recording, pcm


def _noises(snr_db: float | None) -> tuple[str, ...]:
    return _NOISES if snr_db is not None else ("none",)


def _compare(pairs: list[tuple[Flags, Flags]]) -> dict[str, dict[str, float]]:
    speech, found = zip(*((_windows(labels), flags) for labels, flags in pairs), strict=True)
    missed = [float((s & ~f).sum()) for s, f in zip(speech, found, strict=True)]
    false = [float((~s & f).sum()) for s, f in zip(speech, found, strict=True)]
    return {
        "missed": ratio(missed, [float(s.sum()) for s in speech]),
        "false": ratio(false, [float((~s).sum()) for s in speech]),
    }


def _false_in_quiet(found: list[tuple[_Recording, dict[str, Flags]]]) -> dict[str, float]:
    """Percent of what is no speech by the given labels that is taken for it though the clean recording is quiet there:
    labels often end before the voice does, and pass over an "uh".
    """
    false, silent = [], []
    for recording, flags in found:
        silence = ~_windows(recording.given)
        speech_dbfs = level_dbfs(recording.pcm[recording.given])
        levels = [level_dbfs(recording.pcm[w * WINDOW_SAMPLES : (w + 1) * WINDOW_SAMPLES]) for w in range(len(silence))]
        is_quiet = np.array(levels) < speech_dbfs + _QUIET_DB
        false.append(float((silence & flags["windows"] & is_quiet).sum()))
        silent.append(float(silence.sum()))
    return ratio(false, silent)


def _longest_false(found: list[tuple[_Recording, dict[str, Flags]]], noises: Sequence[str]) -> list[dict[str, Any]]:
    """For each noise the longest stretch of aligned silence that is taken for speech: something to listen to.

    found: the recordings in the first noise, then in the next. false_without: percent in this noise.
    """
    share = len(found) // len(noises)
    heard = [(noise, found[i * share : (i + 1) * share]) for i, noise in enumerate(noises)]
    return [one for noise, mine in heard if (one := _longest(noise, mine))]


def _longest(noise: str, found: list[tuple[_Recording, dict[str, Flags]]]) -> dict[str, Any] | None:
    silent = sum(int((~_windows(recording.aligned)).sum()) for recording, _ in found)
    runs = [
        (end - start, start, end, recording)
        for recording, flags in found
        for start, end in _runs(~_windows(recording.aligned) & flags["windows"])
    ]
    if not runs:
        return None
    length, start, end, recording = max(runs, key=lambda run: run[0])
    return {
        "noise": noise,
        "recording": recording.name,
        "from_s": round(start * WINDOW_SAMPLES / LISTENING_RATE_HZ - _LEAD_S, 2),
        "to_s": round(end * WINDOW_SAMPLES / LISTENING_RATE_HZ - _LEAD_S, 2),
        "level_db": round(_level_in(recording, start, end), 1),
        "false_without": round(100 * (sum(run[0] for run in runs) - length) / silent, 2),
    }


def _level_in(recording: _Recording, start: int, end: int) -> float:
    """Of the windows in the clean recording, relative to its speech, dB."""
    return level_dbfs(recording.pcm[start * WINDOW_SAMPLES : end * WINDOW_SAMPLES]) - level_dbfs(
        recording.pcm[recording.aligned]
    )


def _runs(flags: Flags) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _recordings(speech: Path) -> Iterator[_Recording]:
    for name, entry in json.loads((speech / "transcripts.json").read_text()).items():
        if "phones" not in entry:
            continue
        lead = round(_LEAD_S * LISTENING_RATE_HZ)
        pcm = read_wav(speech / f"{name}.wav")
        given = np.zeros(len(pcm), bool)
        start = 0
        for phone, end in zip(entry["phones"], entry["phone_end_samples_16k"], strict=True):
            given[start:end] = phone.lower() not in _SILENT_PHONES
            start = end
        aligned = _align(pcm, entry["text"].lower())
        yield _Recording(name, np.pad(pcm, lead), np.pad(given, lead), np.pad(aligned, lead))


def _align(pcm: Pcm, text: str) -> Flags:
    """Which samples belong to words of the transcript, by forced alignment with PocketSphinx's acoustic model."""
    import pocketsphinx

    before, hop = 10, 160
    decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL", beam=1e-120, wbeam=1e-100, pbeam=1e-120, maxhmmpf=-1)
    for word in text.split():
        if decoder.lookup_word(word) is None:
            decoder.add_word(word, _UNUSUAL[word], True)
    padded = np.pad(pcm, (before * hop, 3200)) + np.random.default_rng(0).normal(0, 8, len(pcm) + before * hop + 3200)
    decoder.set_align_text(text)
    decoder.start_utt()
    decoder.process_raw(padded.astype(np.int16).tobytes(), False, True)
    decoder.end_utt()
    flags = np.zeros(len(pcm), bool)
    for segment in decoder.seg():
        if segment.word[0] not in "<[(+":
            flags[max((segment.start_frame - before) * hop, 0) : (segment.end_frame + 1 - before) * hop] = True
    return flags


def _quality(recording: _Recording) -> dict[str, Any]:
    """How the recording's labels compare with the alignment, and what is heard after the last of them."""
    given, aligned = _windows(recording.given), _windows(recording.aligned)
    last = int(np.flatnonzero(recording.given)[-1]) + 1
    after = recording.aligned.copy()
    after[:last] = False
    level = level_dbfs(recording.pcm[after]) - level_dbfs(recording.pcm[recording.given])
    return {
        "recording": recording.name,
        "agree_percent": round(100 * float((given == aligned).mean()), 1),
        "speech_after_labels_s": round(float(after.sum()) / LISTENING_RATE_HZ, 2),
        "level_after_labels_db": round(level, 1),
    }


def _detect(detector: VoiceDetector, pcm: Pcm) -> dict[str, Flags]:
    """Window by window: what the segmenter counts as speech, and what lies in an utterance."""
    stage = _Watched(detector, _SETTINGS)
    utterance, started = np.zeros(len(pcm), bool), 0
    for first in range(0, len(pcm), 320):
        frame = AudioFrame(first_sample=first, pcm=pcm[first : first + 320], last=first + 320 >= len(pcm))
        for out in stage.push("mic/audio", frame, first / LISTENING_RATE_HZ):
            if not isinstance(out.message, VoiceActivity):
                continue
            if out.message.kind is VoiceKind.STARTED:
                started = out.message.sample
                stage.speech[started // WINDOW_SAMPLES : frame.first_sample // WINDOW_SAMPLES + 1] = True
            else:
                utterance[started : out.message.sample + 1] = True
    flags = _windows(utterance)
    return {"windows": stage.speech[: len(flags)], "utterance": flags}


class _Watched(VadStage):
    """The stage, and which windows it counted as speech: those that faded only when more speech follows at once."""

    def __init__(self, detector: VoiceDetector, settings: VadSettings) -> None:
        super().__init__(detector, settings)
        self.speech = np.zeros(100_000, bool)
        self._faded: list[int] = []

    def _take(self, ear: VadSession, window: Window, session: str) -> Iterator[Out]:
        yield from super()._take(ear, window, session)
        number = window.first_sample // WINDOW_SAMPLES
        if not ear.segmenter.speaking or ear.probability < _SETTINGS.stop_threshold:
            self._faded = []
        elif ear.segmenter.silence_s > 0:
            self._faded.append(number)
        else:
            self.speech[[*self._faded, number]] = True
            self._faded = []


def _windows(flags: Flags) -> Flags:
    whole = len(flags) // WINDOW_SAMPLES * WINDOW_SAMPLES
    return flags[:whole].reshape(-1, WINDOW_SAMPLES).mean(1) > 0.5
