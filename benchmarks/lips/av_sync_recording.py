"""How far apart are picture and sound in a recording? For a test sentence of clicks that flash the mouth.

    python -m benchmarks.lips.av_sync_recording talk.mp4 --json sync.json --limit-ms 40

Each click opens the jaw for one frame. A click's time is its onset in the decoded sound; a flash's time is the middle
of mass of the mouth's change of picture over the one to three frames that show it (a jaw that is interpolated between
frames is seen in two). offset_ms = sound - picture: positive where the sound is late.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar_ros.core.arrays import F64
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.outputs import write_whole

PICTURE_WIDTH = 96  # px; the mouth is found at this size
MATCH_S = 0.25
REFRACTORY_S = 0.12
CLICK_SHARE, ONSET_SHARE = 0.25, 0.5  # of the loudest click; of a click's own peak
FLASH_SHARE, REGION_SHARE = 0.4, 0.3  # of the strongest flash; of the liveliest pixel
CLICK_PEAK_S = 0.02
BASELINE_FRAMES = 9


@dataclass(frozen=True, eq=False)
class Pictures:
    """Grey pictures [n, h, w] uint8 and their times [n], s."""

    grey: NDArray[np.uint8]
    times_s: F64


@dataclass(frozen=True, eq=False)
class Sound:
    """Mono samples [n] float32 from `start_s` on."""

    samples: NDArray[np.float32]
    rate_hz: int
    start_s: float


@dataclass(frozen=True)
class SyncReport:
    """Offsets in ms (sound - picture), click by click; clicks without flash and flashes without click."""

    offsets_ms: tuple[float, ...]
    lonely_clicks: int
    lonely_flashes: int

    @property
    def median_ms(self) -> float:
        """Median of the signed offsets."""
        return float(np.median(self.offsets_ms))

    @property
    def p95_ms(self) -> float:
        """95th percentile of the offsets' size."""
        return float(np.percentile(np.abs(self.offsets_ms), 95))

    @property
    def max_ms(self) -> float:
        """Largest size of an offset."""
        return float(np.max(np.abs(self.offsets_ms)))

    def as_dict(self) -> dict[str, float | int | list[float]]:
        """For JSON."""
        return {
            "pairs": len(self.offsets_ms),
            "median_ms": round(self.median_ms, 2),
            "p95_ms": round(self.p95_ms, 2),
            "max_ms": round(self.max_ms, 2),
            "lonely_clicks": self.lonely_clicks,
            "lonely_flashes": self.lonely_flashes,
            "offsets_ms": [round(offset, 2) for offset in self.offsets_ms],
        }


def measure_sync(path: Path | str) -> SyncReport:
    """Measure a recording. Raises ConfigError where it cannot be read or shows no pair of click and flash."""
    clicks = click_times(read_sound_track(path))
    flashes = flash_times(read_pictures(path))
    report = paired(clicks, flashes)
    if not report.offsets_ms:
        text = f"'{path}': {len(clicks)} clicks and {len(flashes)} flashes, and no two within {MATCH_S} s"
        raise ConfigError("no_clicks", text + "; record the test sentence of clicks")
    return report


def read_pictures(path: Path | str) -> Pictures:
    """All pictures of a recording, made small. Raises ConfigError."""
    times: list[float] = []
    pictures: list[NDArray[np.uint8]] = []
    with _opened(path, "video") as file:
        stream = file.streams.video[0]
        height = max(2, round(PICTURE_WIDTH * stream.height / stream.width))
        for frame in file.decode(stream):
            pictures.append(frame.reformat(PICTURE_WIDTH, height, "gray").to_ndarray())
            times.append(float(frame.pts * stream.time_base))
    if not pictures:
        raise ConfigError("bad_recording", f"'{path}' holds no picture")
    return Pictures(np.stack(pictures), np.array(times))


def read_sound_track(path: Path | str) -> Sound:
    """The sound of a recording, placed by its times (gaps filled with silence). Raises ConfigError."""
    parts: list[tuple[float, NDArray[np.float32]]] = []
    with _opened(path, "audio") as file:
        stream = file.streams.audio[0]
        for frame in file.decode(stream):
            samples = frame.to_ndarray()
            scale = 1.0 if samples.dtype.kind == "f" else float(np.iinfo(samples.dtype).max)
            parts.append((float(frame.pts * stream.time_base), samples.reshape(-1).astype(np.float32) / scale))
        rate_hz = stream.rate
    if not parts:
        raise ConfigError("bad_recording", f"'{path}' holds no sound")
    start_s = parts[0][0]
    places = [round((time_s - start_s) * rate_hz) for time_s, _ in parts]
    samples = np.zeros(max(at + len(part) for at, (_, part) in zip(places, parts, strict=True)), np.float32)
    for at, (_, part) in zip(places, parts, strict=True):
        samples[at : at + len(part)] = part
    return Sound(samples, rate_hz, start_s)


def click_times(sound: Sound) -> F64:
    """Onsets of clicks, s: where each first reaches half of its own peak."""
    loudness = np.abs(sound.samples)
    loud = np.flatnonzero(loudness > CLICK_SHARE * loudness.max(initial=0.0))
    times: list[float] = []
    last = -sound.rate_hz
    for index in loud.tolist():
        if (index - last) / sound.rate_hz < REFRACTORY_S:
            continue
        peak = loudness[index : index + int(CLICK_PEAK_S * sound.rate_hz) + 1]
        onset = index + int(np.argmax(peak >= ONSET_SHARE * peak.max()))
        times.append(sound.start_s + onset / sound.rate_hz)
        last = index
    return np.array(times)


def mouth_region(pictures: Pictures) -> NDArray[np.bool_]:
    """Pixels [h, w] that flash: those with the largest change that is undone by the next frames.

    Slow motion of the head has a small second difference in time; a mouth that opens for a frame a large one.
    """
    energy = np.zeros(pictures.grey.shape[1:])
    for before, now, after in zip(pictures.grey, pictures.grey[1:], pictures.grey[2:], strict=False):
        bend = 2.0 * now - before - after
        energy += bend**4  # favours the few strong flashes over the many small movements
    energy = _smoothed(energy)
    return energy >= REGION_SHARE * energy.max()


def flash_times(pictures: Pictures) -> F64:
    """Times of flashes, s: middle of mass of each."""
    if len(pictures.grey) < BASELINE_FRAMES:
        return np.zeros(0)
    mouth = pictures.grey[:, mouth_region(pictures)]
    change = np.abs(mouth - _rolling_median(mouth)).mean(axis=1)
    strong = np.flatnonzero(change > max(FLASH_SHARE * change.max(), 1.0))
    times: list[float] = []
    for index in strong:
        time_s = _middle_of_mass(change, pictures.times_s, int(index))
        if not times or time_s - times[-1] > REFRACTORY_S:
            times.append(time_s)
    return np.array(times)


def paired(clicks: F64, flashes: F64) -> SyncReport:
    """Each click with the flash nearest to it, within MATCH_S; a flash serves one click."""
    free = list(flashes)
    offsets: list[float] = []
    for click in clicks:
        nearest = min(free, key=lambda flash: abs(flash - click), default=None)
        if nearest is not None and abs(nearest - click) <= MATCH_S:
            free.remove(nearest)
            offsets.append(float(1000 * (click - nearest)))
    return SyncReport(tuple(offsets), len(clicks) - len(offsets), len(free))


def main(argv: Sequence[str] | None = None) -> int:
    """Print the report. 0: within the limit; 1: beyond it; 2: the file cannot be measured."""
    parser = argparse.ArgumentParser(prog="av_sync", description="offset between clicks and mouth flashes")
    parser.add_argument("recording", help="MP4 of the test sentence of clicks")
    parser.add_argument("--limit-ms", type=float, default=40.0, help="largest offset to accept, ms (default: 40)")
    parser.add_argument("--json", metavar="FILE", help="write the report there")
    options = parser.parse_args(argv)
    try:
        report = measure_sync(options.recording)
        if options.json:
            write_whole(options.json, json.dumps(report.as_dict(), indent=1) + "\n")
    except (ConfigError, OSError) as error:
        print(f"av_sync: {error}", file=sys.stderr)
        return 2
    print(
        f"{len(report.offsets_ms)} clicks: sound after picture median {report.median_ms:+.1f} ms, "
        f"|offset| p95 {report.p95_ms:.1f} ms, max {report.max_ms:.1f} ms; "
        f"{report.lonely_clicks} clicks and {report.lonely_flashes} flashes without partner"
    )
    return 0 if report.max_ms <= options.limit_ms else 1


def _opened(path: Path | str, kind: str) -> Any:
    """A container with a stream of `kind`. Raises ConfigError."""
    import av

    try:
        file = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise ConfigError("bad_recording", f"'{path}' cannot be read as a recording: {error}") from error
    if kind not in {stream.type for stream in file.streams}:
        file.close()
        raise ConfigError("bad_recording", f"'{path}' has no {kind}")
    return file


def _smoothed(picture: F64) -> F64:
    """Mean over 3 x 3 pixels."""
    padded = np.pad(picture, 1, mode="edge")
    height, width = picture.shape
    shifted = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return np.mean(shifted, axis=0)


def _rolling_median(pixels: NDArray[np.uint8]) -> F64:
    """Median in time of each pixel [n, k] over BASELINE_FRAMES: the mouth without its flashes."""
    half = BASELINE_FRAMES // 2
    padded = np.pad(pixels, ((half, half), (0, 0)), mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, BASELINE_FRAMES, axis=0), axis=2)


def _middle_of_mass(change: F64, times_s: F64, index: int) -> float:
    """Time of a flash around frame `index`: weighted by change, over the neighbours that clearly take part."""
    peak = max(range(max(0, index - 1), min(len(change), index + 2)), key=lambda i: change[i])
    near = slice(max(0, peak - 1), peak + 2)
    weights = np.where(change[near] > 0.15 * change[peak], change[near], 0.0)
    return float(np.sum(weights * times_s[near]) / np.sum(weights))


if __name__ == "__main__":
    sys.exit(main())
