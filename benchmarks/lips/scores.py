"""Scores of lips against phone times: the judge (lipsync_score.py), intervals, noise, rooms, and whether labels fit."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar_ros.core.arkit import ARKIT_NAMES
from avatar_ros.core.arrays import Pcm
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.types import Mark
from avatar_ros.encoder.base import Encoder
from avatar_ros.encoder.encode import encode
from avatar_ros.motion.offline import express_phones

from ..lib.noise_and_reverb import noisy, read_wav, roomy
from .label_check import random_times_that_fit_better

Gaps = dict[str, NDArray[np.float64]]  # recording -> opening of the lips [T], mm
SCORE_FPS = 100.0
SOURCES = ("marks", "text", "sound")
SCORES = ("closure_auc", "closure_recall", "open_auc")
NOISES, ROOMS = ("noise2", "noise3"), ("rir1", "rir2")
#: Labels that more than this share of random times beats say nothing about their sound.
LABELS_FIT = 0.01
#: Recordings are scored one by one where there are no more of them than this.
MOST_SINGLE = 12


class Judge:
    """Scores lips on recordings with phone times, through lipsync_score.py.

    data: folder with avatars/, acoustics/ and speech/; speech: another folder of WAV files and transcripts.json.
    """

    def __init__(
        self, script: Path | None, data: Path, avatar: str, encoder: Encoder, speech: Path | None = None
    ) -> None:
        script = script or data.parent / "tools" / "lipsync_score.py"
        self._speech = speech or data / "speech"
        if not script.is_file() or not (self._speech / "transcripts.json").is_file():
            raise ConfigError("bench_data", f"{script} and {self._speech}/transcripts.json are needed: --judge, --data")
        self._judge = _import(script)
        self._data = data
        self._entries = {k: v for k, v in _json(self._speech / "transcripts.json").items() if "phones" in v}
        self._names, self._lips = self._judge.load_lips(str(data / "avatars" / avatar))
        self._encoder = encoder
        self._heard: dict[str, Gaps] = {}  # condition -> what the lips do with the text known

    def all(self, mixes: int) -> dict[str, Any]:
        """How well the labels fit their sound; clean scores by source; then losses in noise and rooms."""
        fits = {name: self._label_fit(name) for name in self._entries}
        fitting = [name for name, fit in fits.items() if fit <= LABELS_FIT]
        out: dict[str, Any] = {"random_times_that_fit_better": fits}
        for source in SOURCES:
            gaps = {name: self._gap(name, source) for name in self._entries}
            out[source] = {"pooled": {**self._score(gaps), "interval_95": self._interval(gaps)}}
            if fitting and len(fitting) < len(gaps):
                out[source]["pooled, random times where labels do not fit"] = self._with_random_labels(gaps, fitting)
                good = {name: gaps[name] for name in fitting}
                out[source]["where labels fit"] = {**self._score(good), "interval_95": self._interval(good)}
            if len(gaps) <= MOST_SINGLE:
                out[source] |= {name: self._score({name: gap}) for name, gap in gaps.items()}
        if mixes:
            out["text in noise and rooms"] = self._losses(mixes, list(self._entries))
            if fitting and len(fitting) < len(self._entries):
                out["text in noise and rooms, where labels fit"] = self._losses(mixes, fitting)
        return out

    def _label_fit(self, name: str) -> float:
        pcm, rate_hz = read_wav(self._speech / f"{name}.wav")
        entry = self._entries[name]
        ends_s = np.array(entry["phone_end_samples_16k"]) / 16000
        return random_times_that_fit_better(pcm, rate_hz, entry["phones"], ends_s)

    def _with_random_labels(self, gaps: Gaps, fitting: Sequence[str], draws: int = 200) -> dict[str, list[float]]:
        """Mean, 5 % and 95 % of the scores that these lips get if the labels that do not fit are drawn at random."""
        rng, rows = np.random.default_rng(0), []
        for _ in range(draws):
            entries = dict(self._entries)
            for name in sorted(set(gaps) - set(fitting)):
                entry, samples = entries[name], round(len(gaps[name]) * 16000 / SCORE_FPS)
                ends = np.sort(rng.integers(0, samples, len(entry["phones"])))
                entries[name] = {**entry, "phone_end_samples_16k": ends.tolist()}
            recordings = [(gap, SCORE_FPS, list(self._judge.segments(entries[n]))) for n, gap in gaps.items()]
            rows.append(self._judge.score(recordings))
        return {
            key: [round(float(f([row[key] for row in rows])), 3) for f in (np.mean, _quantile(0.05), _quantile(0.95))]
            for key in SCORES
        }

    def _interval(self, gaps: Gaps, draws: int = 200) -> dict[str, list[float]]:
        """95 % bootstrap intervals over closures and vowels."""
        rng = np.random.default_rng(0)
        marks = [(gap, SCORE_FPS, [m]) for n, gap in gaps.items() for m in self._judge.segments(self._entries[n])]
        kinds = np.array([m[2][0][0] for m in marks])
        groups = [np.flatnonzero(kinds == kind) for kind in sorted(set(kinds))]
        rows = []
        for _ in range(draws):
            chosen = np.concatenate([rng.choice(group, len(group)) for group in groups])
            rows.append(self._judge.score([marks[i] for i in chosen]))
        return {
            key: [round(float(_quantile(q)([row[key] for row in rows])), 3) for q in (0.025, 0.975)] for key in SCORES
        }

    def _gap(self, name: str, source: str, change: Callable[[Pcm, int], Pcm] | None = None) -> NDArray[np.float64]:
        pcm, rate_hz = read_wav(self._speech / f"{name}.wav")
        entry = self._entries[name]
        ends = [round(e * rate_hz / 16000) for e in entry["phone_end_samples_16k"]]
        marks = [Mark(text=p, start_sample=a, end_sample=b)
                 for p, a, b in zip(entry["phones"], [0, *ends], ends, strict=False)]  # fmt: skip
        pcm = change(pcm, rate_hz) if change is not None else pcm
        features = encode(pcm, rate_hz, entry["text"] if source != "sound" else "",
                          marks if source == "marks" else (), encoder=self._fresh())  # fmt: skip
        weights = express_phones(features, 100.0, SCORE_FPS)
        frames = [{"weights": row} for row in weights.tolist()]
        tree = {"names": list(ARKIT_NAMES), "frames": frames}
        gap: NDArray[np.float64] = self._judge.lip_gap_mm(tree, self._names, self._lips)
        return gap

    def _fresh(self) -> Encoder:
        # Each recording is another voice: what was learnt of the one before does not count.
        self._encoder.load()
        return self._encoder

    def _score(self, gaps: Gaps) -> dict[str, float]:
        recordings = [(gap, SCORE_FPS, list(self._judge.segments(self._entries[n]))) for n, gap in gaps.items()]
        result = self._judge.score(recordings)
        lags = np.arange(-100, 101, 10)
        merits = []
        for lag in lags:
            shifted = self._judge.score(recordings, lag / 1000)
            merits.append(shifted["closure_auc"] + shifted["open_auc"])
        result["lag_ms"] = int(lags[int(np.nanargmax(merits))]) if np.isfinite(merits).any() else 0
        return {k: round(float(v), 3) for k, v in result.items() if np.isfinite(v)}

    def _losses(self, mixes: int, names: Sequence[str]) -> dict[str, Any]:
        """Mean loss of closure AUC against clean, text known, with a 95 % bootstrap interval over the mixes; and the
        loss where all speak in the same room. In a random mix each recording is in a room of its own.
        """
        rng = np.random.default_rng(0)
        clean = self._score(self._heard_in("clean", names))["closure_auc"]
        noise, rooms = [], []
        for mix in range(mixes):
            other, _rate = read_wav(self._data / "acoustics" / f"{NOISES[rng.integers(len(NOISES))]}.wav")
            heard = self._heard_in(f"noise {mix}", names, noisy(other, 10.0, np.random.default_rng(mix)))
            noise.append(clean - self._score(heard)["closure_auc"])
        for name in ROOMS:
            response, _rate = read_wav(self._data / "acoustics" / f"{name}.wav")
            rooms.append(self._heard_in(name, names, roomy(response)))
        drawn = [self._score({n: rooms[rng.integers(len(rooms))][n] for n in names}) for _ in range(mixes)]
        return {
            "noise 10 dB": _loss(noise, rng),
            "room": _loss([clean - score["closure_auc"] for score in drawn], rng)
            | {
                name: round(clean - self._score(room)["closure_auc"], 3)
                for name, room in zip(ROOMS, rooms, strict=True)
            },
        }

    def _heard_in(self, label: str, names: Sequence[str], change: Callable[[Pcm, int], Pcm] | None = None) -> Gaps:
        if label not in self._heard:  # on all recordings, so that it is worked out once for any choice of them
            self._heard[label] = {n: self._gap(n, "text", change) for n in self._entries}
        return {n: self._heard[label][n] for n in names}


def _loss(losses: Sequence[float], rng: np.random.Generator) -> dict[str, float]:
    means = [np.mean(rng.choice(losses, len(losses))) for _ in range(2000)]
    low, high = np.quantile(means, (0.025, 0.975))
    figures = {"mean_loss": np.mean(losses), "low": low, "high": high, "mixes": len(losses)}
    return {name: round(float(value), 3) for name, value in figures.items()}


def _quantile(q: float) -> Callable[[list[float]], Any]:
    return partial(np.quantile, q=q)


def _json(path: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return tree


def _import(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ConfigError("bench_judge", f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
