"""Measures the ears: `python -m avatar_ros.bench.hearing vad|asr [--share 0.1] [--data FOLDER]`.

vad: recorded sentences with phone labels in recorded noise at 10 dB, in windows of 32 ms. asr: phrasings of the
answers file and questions that it does not answer, by synthetic voices, clean and in noise at 20 dB, at three levels;
`--fit` prints new weights for asr/confidence.py from what was heard.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import wave
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..asr.base import AsrSettings, Hearing
from ..asr.confidence import WEIGHTS
from ..asr.questions import load
from ..asr.sphinx import SphinxRecogniser
from ..core.answers_file import Answers
from ..core.paths import share_file
from ..core.phrases import accepts, expand
from ..core.types import AudioFrame, Pcm, VoiceActivity, VoiceKind
from ..vad.base import SAMPLE_RATE_HZ, WINDOW_SAMPLES, VadSettings
from ..vad.stage import build as build_vad
from .hearing_questions import TUNING, UNSEEN
from .hearing_voices import VOICES, available, synthesize

_SILENT_PHONES = frozenset(["sil", "sp", "spn", "pau", ""])
_SNR_DB = 10.0
_LEAD_S = 2.0
#: Frames this far from any labelled speech cannot be the edge of a word or a label.
_FAR_S = 0.3
_GAINS_DB = (0.0, -6.0, -12.0)
_DEFAULT_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

Flags = NDArray[np.bool_]


def main(argv: list[str]) -> int:
    """Print the table that was asked for; 2 where the data is missing."""
    parser = argparse.ArgumentParser(prog="hearing", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("vad", "asr"))
    parser.add_argument("--data", type=Path, default=_DEFAULT_DATA, help="folder with speech/ and acoustics/")
    parser.add_argument("--share", type=float, default=0.1, help="asr: share of all sentences that is measured")
    parser.add_argument("--json", type=Path, help="asr: also write the table to this file")
    parser.add_argument("--fit", action="store_true", help="asr: print weights for asr/confidence.py")
    options = parser.parse_args(argv)
    if not (options.data / "speech").is_dir():
        print(f"{options.data}: no speech/ in it; name the folder of recordings with --data", file=sys.stderr)
        return 2
    if options.what == "vad":
        return _vad(options.data)
    return _asr(options.data, options.share, fit=options.fit, json_path=options.json)


# --- voice activity ------------------------------------------------------------------------------------------------


def _vad(data: Path) -> int:
    totals: dict[str, float] = defaultdict(float)
    for noise_name in ("noise2", "noise3"):
        for name, pcm, labels in _labelled(data):
            noisy = _with_noise(pcm, read_wav(data / "acoustics" / f"{noise_name}.wav"), _SNR_DB, labels)
            speech, found, far = _windows(labels), _windows(_detect(noisy)), _windows(_far_from(labels))
            counts = {
                "speech": speech.sum(),
                "missed": (speech & ~found).sum(),
                "silence": (~speech).sum(),
                "false": (~speech & found).sum(),
                "far": far.sum(),
                "far_false": (far & found).sum(),
            }
            for key, count in counts.items():
                totals[key] += count
            print(f"{noise_name} {name:16s} {_rates(counts)}")
    print(f"{'all':23s} {_rates(totals)}")
    return 0


def _rates(counts: dict[str, float]) -> str:
    def percent(part: str, whole: str) -> float:
        return 100 * counts[part] / max(counts[whole], 1)

    return (
        f"missed {percent('missed', 'speech'):5.2f} %   false {percent('false', 'silence'):5.2f} %   "
        f"false further than {_FAR_S} s from speech {percent('far_false', 'far'):5.2f} %"
    )


def _labelled(data: Path) -> Iterator[tuple[str, Pcm, Flags]]:
    """Recordings with phone labels, silence around them: sound, and which samples are speech."""
    for name, entry in json.loads((data / "speech" / "transcripts.json").read_text()).items():
        if "phones" not in entry:
            continue
        lead = round(_LEAD_S * SAMPLE_RATE_HZ)
        pcm = np.pad(read_wav(data / "speech" / f"{name}.wav"), lead)
        labels = np.zeros(len(pcm), bool)
        start = 0
        for phone, end in zip(entry["phones"], entry["phone_end_samples_16k"], strict=True):
            labels[lead + start : lead + end] = phone.lower() not in _SILENT_PHONES
            start = end
        yield name, pcm, labels


def _detect(pcm: Pcm) -> Flags:
    stage = build_vad(VadSettings(backend="silero"))
    stage.load()
    found, started = np.zeros(len(pcm), bool), 0
    for first in range(0, len(pcm), 320):
        frame = AudioFrame(first_sample=first, pcm=pcm[first : first + 320], last=first + 320 >= len(pcm))
        for out in stage.push("mic/audio", frame, first / SAMPLE_RATE_HZ):
            if not isinstance(out.message, VoiceActivity):
                continue
            if out.message.kind is VoiceKind.STARTED:
                started = out.message.sample
            else:
                found[started : out.message.sample + 1] = True
    return found


def _windows(flags: Flags) -> Flags:
    whole = len(flags) // WINDOW_SAMPLES * WINDOW_SAMPLES
    return flags[:whole].reshape(-1, WINDOW_SAMPLES).mean(1) > 0.5


def _far_from(labels: Flags) -> Flags:
    reach = np.ones(2 * round(_FAR_S * SAMPLE_RATE_HZ) + 1)
    import scipy.signal  # only measuring needs it

    return scipy.signal.fftconvolve(labels.astype(float), reach, "same") < 0.5


# --- recognition ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Said:
    """kind: the intent that the text asks for, or unseen / tuning / real: out of domain."""

    voice: str
    kind: str
    text: str
    pcm: Pcm


@dataclass(frozen=True)
class _Result:
    said: _Said
    intent: str  # of what was understood, "" where it was rejected
    guess: str  # of the grammar's sentence, before it was judged
    evidence: Mapping[str, float] | None
    final_s: float


_OUT = ("tuning", "unseen", "real")


def _asr(data: Path, share: float, *, fit: bool, json_path: Path | None) -> int:
    answers = load(share_file("config/answers.yaml"))
    recogniser = SphinxRecogniser(AsrSettings())
    recogniser.load()
    noise = read_wav(data / "acoustics" / "noise3.wav")
    results = []
    for number, said in enumerate(_all_said(answers, data, share)):
        pcm = _dressed(said.pcm, noise if number % 2 else None, _GAINS_DB[number % 3], number)
        results.append(_recognise(recogniser, answers, said, pcm))
    table = _report(results)
    if json_path is not None:
        json_path.write_text(json.dumps(table, indent=2) + "\n", "utf-8")
    if fit:
        _print_weights(results)
    return 0


def _all_said(answers: Answers, data: Path, share: float) -> Iterator[_Said]:
    rng = random.Random(0)
    asked = [
        (intent.name, " ".join(rng.choice(expand(intent.phrases, 3000))))
        for intent in answers.intents
        for _ in range(max(1, round(100 * share)))
    ]
    asked += [("tuning", text) for text in TUNING if rng.random() < 15 * share]
    asked += [("unseen", text) for text in UNSEEN if rng.random() < 15 * share]
    usable = [name for name, voice in VOICES.items() if available(voice)]
    for number, name in enumerate(usable):
        mine = asked[number :: len(usable)]
        for (kind, text), pcm in zip(mine, synthesize(VOICES[name], [text for _, text in mine]), strict=True):
            yield _Said(name, kind, text, pcm)
    for path in sorted((data / "speech").glob("*.wav")):
        pcm = read_wav(path)
        for first in range(0, len(pcm) - SAMPLE_RATE_HZ, 40000):
            yield _Said("recorded", "real", path.stem, pcm[first : first + 40000])


def _recognise(recogniser: SphinxRecogniser, answers: Answers, said: _Said, pcm: Pcm) -> _Result:
    hearing = recogniser.start()
    _feed(hearing, pcm)
    began_s = time.process_time()
    heard = hearing.finish()
    final_s = time.process_time() - began_s
    judged = hearing.evidence()
    guess = _intent(answers, judged.text) if judged.text else ""
    return _Result(said, "" if heard.rejected else guess, guess, judged.evidence if judged.text else None, final_s)


def _feed(hearing: Hearing, pcm: Pcm) -> None:
    for first in range(0, len(pcm), WINDOW_SAMPLES):
        hearing.accept(pcm[first : first + WINDOW_SAMPLES])


def _intent(answers: Answers, text: str) -> str:
    words = text.split()
    return next((intent.name for intent in answers.intents if accepts(answers.sentences(intent), words)), "")


def _report(results: list[_Result]) -> dict[str, dict[str, float]]:
    """Prints the table and returns it: shares in percent, milliseconds of CPU time."""
    table: dict[str, dict[str, float]] = {}
    for voice in dict.fromkeys(result.said.voice for result in results if result.said.kind not in _OUT):
        mine = [r for r in results if r.said.voice == voice and r.said.kind not in _OUT]
        right = 100 * float(np.mean([r.intent == r.said.kind for r in mine]))
        wrong = 100 * float(np.mean([r.intent not in ("", r.said.kind) for r in mine]))
        table[voice] = {"questions": len(mine), "right_percent": right, "wrong_answer_percent": wrong}
        print(f"{voice:22s} {len(mine):4d} questions   right {right:5.1f} %   wrong answer {wrong:4.1f} %")
    for kind in _OUT:
        mine = [r for r in results if r.said.kind == kind]
        taken = 100 * float(np.mean([bool(r.intent) for r in mine])) if mine else float("nan")
        table[f"out of domain, {kind}"] = {"questions": len(mine), "answered_percent": taken}
        print(f"out of domain, {kind:7s} {len(mine):4d}   answered {taken:4.1f} %")
    median_ms, p95_ms = (float(q) for q in np.percentile([1e3 * r.final_s for r in results], (50, 95)))
    table["final after last"] = {"median_cpu_ms": median_ms, "p95_cpu_ms": p95_ms}
    print(f"final after last, CPU ms: median {median_ms:.1f}, p95 {p95_ms:.1f}")
    return table


def _print_weights(results: list[_Result]) -> None:
    """Ridge logistic regression by Newton's method: was the grammar's sentence the right one?"""
    judged = [r for r in results if r.evidence and (r.said.kind in _OUT or r.guess == r.said.kind)]
    names = list(WEIGHTS)
    x = np.array([[r.evidence[name] for name in names] for r in judged if r.evidence])
    y = np.array([r.said.kind not in _OUT for r in judged], float)
    mean, deviation = x.mean(0), x.std(0) + 1e-9
    z = np.column_stack([(x - mean) / deviation, np.ones(len(x))])
    ridge = np.diag([4.0] * len(names) + [1e-6])
    weights = np.zeros(z.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-z @ weights))
        hessian = (z * (chance * (1 - chance))[:, None]).T @ z + ridge
        weights -= np.linalg.solve(hessian, z.T @ (chance - y) + ridge @ weights)
    for name, m, d, w in zip(names, mean, deviation, weights[:-1], strict=True):
        print(f'    "{name}": ({m:.3f}, {d:.3f}, {w:.2f}),')
    print(f"BIAS = {weights[-1]:.2f}   # from {len(judged)} sentences, {int(y.sum())} of them right")


# --- sound ---------------------------------------------------------------------------------------------------------


def read_wav(path: Path) -> Pcm:
    """A 16 kHz mono 16-bit file."""
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def _with_noise(pcm: Pcm, noise: Pcm, snr_db: float, speech: Flags) -> Pcm:
    looped = np.resize(noise.astype(float), len(pcm))
    power = np.mean(np.square(pcm[speech], dtype=float))
    looped *= np.sqrt(power / 10 ** (snr_db / 10) / np.mean(looped**2))
    return np.clip(pcm + looped, -32768, 32767).astype(np.int16)


def _dressed(pcm: Pcm, noise: Pcm | None, gain_db: float, seed: int) -> Pcm:
    """As the vad stage hands it on: 0.3 s before, 0.5 s after, noise at 20 dB or next to none, at some level."""
    padded = np.pad(pcm, (4800, 8000))
    if noise is not None:
        padded = _with_noise(padded, np.roll(noise, -seed * 997), 20.0, padded != 0)
    hiss = np.random.default_rng(seed).normal(0, 8, len(padded))
    return np.clip((padded + hiss) * 10 ** (gain_db / 20), -32768, 32767).astype(np.int16)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
