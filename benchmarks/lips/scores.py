"""Lips of recorded people, scored by their phone times: with intervals, in noise and rooms, and whether labels fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.arrays import F32, Pcm
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.types import Mark
from avatar_ros.encoder.base import Encoder
from avatar_ros.encoder.encode import encode
from avatar_ros.motion.offline import express_phones

from ..lib.data_folder import HOW_TO_GET, lips_file
from ..lib.noise_and_reverb import noisy, read_wav, roomy
from .label_check import random_times_that_fit_better
from .scorer import (
    Interval,
    Samples,
    Track,
    gap_per_weight,
    interval_95,
    intervals,
    lag_ms,
    measure,
    paired_difference,
    scores,
)

Tracks = dict[str, Track]  # by recording
Change = Callable[[Pcm, int], Pcm]
SCORE_FPS = 100.0
SOURCES = ("marks", "text", "sound")
NOISES, ROOMS = ("noise2", "noise3"), ("rir1", "rir2")
CLEAN = "clean"
#: Labels that more than this share of random times beats say nothing about their sound.
LABELS_FIT = 0.01
#: Recordings are scored one by one where there are no more of them than this.
MOST_SINGLE = 12


class RecordedPeople:
    """What an encoder makes the lips of recorded people do, and its scores. Each is met as an unknown voice.

    data: folder with avatars/, acoustics/ and speech/; avatar: one of avatars/, or a path; speech: other folders of WAV
    files and transcripts.json; locale: the language of all of them, "" for English. Raises ConfigError where something
    is missing.
    """

    def __init__(
        self, data: Path, avatar: str, encoder: Encoder, speech: Sequence[Path] = (), locale: str = ""
    ) -> None:
        self._data, self._encoder, self._locale = data, encoder, locale
        self._wavs: dict[str, Path] = {}
        self._entries: dict[str, dict[str, Any]] = {}
        for folder in speech or [data / "speech"]:
            self._add(folder)
        self._gap_per_weight = gap_per_weight(lips_file(avatar, data))
        self._tracks: dict[tuple[str, str], Tracks] = {}  # source and condition -> what the lips do

    def _add(self, folder: Path) -> None:
        path = folder / "transcripts.json"
        if not path.is_file():
            raise ConfigError("bench_data", f"{path} is missing; name its folder with --data, or {HOW_TO_GET}")
        for name, entry in json.loads(path.read_text("utf-8")).items():
            if "phones" not in entry:
                continue
            if name in self._wavs:
                raise ConfigError("bench_data", f"{folder}: {name} is in {self._wavs[name].parent} too; rename one")
            self._wavs[name], self._entries[name] = folder / f"{name}.wav", entry

    @property
    def names(self) -> list[str]:
        """Recordings that have phone times."""
        return list(self._entries)

    def all(self, mixes: int) -> dict[str, Any]:
        """How well the labels fit their sound; clean scores by source; then losses in noise and rooms."""
        fits = self.label_fits()
        fitting = [name for name, fit in fits.items() if fit <= LABELS_FIT]
        out: dict[str, Any] = {"random_times_that_fit_better": fits}
        for source in SOURCES:
            out[source] = self.pooled(source, fitting)
            if len(fits) <= MOST_SINGLE:
                out[source] |= {name: summary({name: track}) for name, track in self.tracks(source).items()}
        out["text less sound"] = self.text_less_sound(mixes)
        if mixes:
            out["text in noise and rooms"] = self.losses("text", mixes)
        return out

    def text_less_sound(self, mixes: int) -> dict[str, Any]:
        """What knowing the text is worth, by condition and in all of them together: differences of the same closures
        and vowels, with intervals.
        """
        conditions = (CLEAN, *(f"noise {mix}" for mix in range(mixes)), *(ROOMS if mixes else ()))
        found = {each: [measure(self.tracks(source, each).values()) for source in ("text", "sound")]
                 for each in conditions}  # fmt: skip
        pooled = zip(*found.values(), strict=True)
        found["all"] = [Samples.together(each) for each in pooled]
        return {each: paired_difference(text, sound) for each, (text, sound) in found.items()}

    def label_fits(self) -> dict[str, float]:
        """By recording: share of random times that fit its sound better than those given."""
        out = {}
        for name, entry in self._entries.items():
            ends_s = np.array(_ends_s(entry))
            out[name] = random_times_that_fit_better(*read_wav(self._wavs[name]), entry["phones"], ends_s)
        return out

    def pooled(self, source: str, fitting: Sequence[str]) -> dict[str, Any]:
        """Scores and intervals of all recordings, and of those whose labels fit where some do not."""
        tracks = self.tracks(source)
        good = {name: tracks[name] for name in fitting}
        out = {"pooled": {**summary(tracks), "interval_95": interval_95(measure(tracks.values()))}}
        if good and len(good) < len(tracks):
            out["where labels fit"] = {**summary(good), "interval_95": interval_95(measure(good.values()))}
        return out

    def tracks(self, source: str, condition: str = CLEAN) -> Tracks:
        """What the lips do beside every recording. condition: clean, a room of ROOMS, or "noise 0", "noise 1" …"""
        key = source, condition
        if key not in self._tracks:
            change = self._change(condition)
            self._tracks[key] = {name: self._track(name, source, change) for name in self._entries}
        return self._tracks[key]

    def _change(self, condition: str) -> Change | None:
        if condition == CLEAN:
            return None
        if condition in ROOMS:
            return roomy(self._acoustics(condition))
        rng = np.random.default_rng(int(condition.split()[-1]))
        return noisy(self._acoustics(NOISES[rng.integers(len(NOISES))]), 10.0, rng)

    def _acoustics(self, name: str) -> Pcm:
        path = self._data / "acoustics" / f"{name}.wav"
        if not path.is_file():
            raise ConfigError("bench_data", f"{path} is missing, which noise and rooms need; {HOW_TO_GET}")
        return read_wav(path)[0]

    def _track(self, name: str, source: str, change: Change | None) -> Track:
        entry = self._entries[name]
        recorded = read_wav(self._wavs[name])
        spoken = [each for each in intervals(entry["phones"], _ends_s(entry)) if is_spoken(each, *recorded)]
        return Track(self.weights(name, source, change) @ self._gap_per_weight, SCORE_FPS, spoken)

    def weights(self, name: str, source: str, change: Change | None = None) -> F32:
        """ARKIT weights [T, 52] at SCORE_FPS beside one recording; change: what is done to its sound."""
        pcm, rate_hz = read_wav(self._wavs[name])
        entry = self._entries[name]
        ends = [round(end_s * rate_hz) for end_s in _ends_s(entry)]
        marks = [Mark(text=phone, start_sample=start, end_sample=end)
                 for phone, start, end in zip(entry["phones"], [0, *ends], ends, strict=False)]  # fmt: skip
        self._encoder.load()  # what was learnt of the voice before does not count
        features = encode(change(pcm, rate_hz) if change else pcm, rate_hz, entry["text"] if source != "sound" else "",
                          marks if source == "marks" else (), encoder=self._encoder, locale=self._locale)  # fmt: skip
        return express_phones(features, 100.0, SCORE_FPS)

    def middles(self, name: str, phones: Sequence[str]) -> list[tuple[str, float]]:
        """(phone, middle in s) of those of its labels that are among `phones` (lower case, no digits), in order."""
        ends_s = _ends_s(self._entries[name])
        labels = zip(self._entries[name]["phones"], [0.0, *ends_s], ends_s, strict=False)
        named = [(label.lower().rstrip("012"), (start_s + end_s) / 2) for label, start_s, end_s in labels]
        return [(phone, middle_s) for phone, middle_s in named if phone in phones]

    def losses(self, source: str, mixes: int) -> dict[str, Any]:
        """Mean loss of closure AUC against clean with a 95 % bootstrap interval over the mixes, and the loss where all
        speak in the same room. In a random mix each recording is in a room of its own.
        """
        rng = np.random.default_rng(0)
        clean = _closure_auc(self.tracks(source))
        rooms = {name: self.tracks(source, name) for name in ROOMS}
        drawn = [{name: rooms[rng.choice(ROOMS)][name] for name in self._entries} for _ in range(mixes)]
        noise = [clean - _closure_auc(self.tracks(source, f"noise {mix}")) for mix in range(mixes)]
        room = [clean - _closure_auc(tracks) for tracks in drawn]
        return {
            "noise 10 dB": _loss(noise, rng),
            "room": _loss(room, rng) | {name: round(clean - _closure_auc(tracks), 3) for name, tracks in rooms.items()},
        }


def is_spoken(interval: Interval, pcm: Pcm, rate_hz: int) -> bool:
    """False for vowels of which the recording has not one sample but zeros: units that a synthesizer lacks. What is
    said there cannot be heard, and is not scored.
    """
    return interval.kind == "closure" or bool(
        pcm[int(interval.start_s * rate_hz) : int(interval.end_s * rate_hz)].any()
    )


def _ends_s(entry: Mapping[str, Any]) -> list[float]:
    return [end / 16000 for end in entry["phone_end_samples_16k"]]


def summary(tracks: Mapping[str, Track]) -> dict[str, float]:
    """All scores of these recordings together, rounded; those that nothing was found for are left out."""
    found = {**scores(measure(tracks.values())), "lag_ms": lag_ms(list(tracks.values()))}
    return {key: round(value, 3) for key, value in found.items() if np.isfinite(value)}


def _closure_auc(tracks: Mapping[str, Track]) -> float:
    return scores(measure(tracks.values()))["closure_auc"]


def _loss(losses: Sequence[float], rng: np.random.Generator) -> dict[str, float]:
    means = [np.mean(rng.choice(losses, len(losses))) for _ in range(2000)]
    low, high = np.quantile(means, (0.025, 0.975))
    figures = {"mean_loss": np.mean(losses), "low": low, "high": high}
    return {name: round(float(value), 3) for name, value in figures.items()} | {"mixes": len(losses)}
