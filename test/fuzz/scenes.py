"""Random scenes for the CPU rasteriser, degenerate ones above all. Started by sanitize.py, with the module to test.

A scene is a function of (seed, number) alone, so one that fails can be drawn again: --first NUMBER --count 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np

EVIL = np.array([np.nan, np.inf, -np.inf, 3.4e38, -3.4e38, 1e-45, -0.0, 0, 1e20, -1e20, 1e-20, 1, -1, 1e6], np.float32)
SPLATS = (0, 1, 2, 3, 7, 15, 16, 17, 31, 33, 64, 100, 257, 1000, 5000)
SIDES = (1, 2, 3, 15, 16, 17, 31, 63, 64, 65, 100, 255, 512)
LARGE = ((4096, 64), (1, 16384), (64, 16384), (16384, 1), (2048, 1024))
ISAS = ("sse2", "avx2", "avx512", "generic")


def load(path):
    """The module at `path`, whatever else is called _raster."""
    spec = importlib.util.spec_from_file_location("_raster", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def available(module):
    """Instruction sets that this build and processor have."""
    found = []
    for isa in ISAS:
        try:
            module.Rasteriser(*Scene(np.random.default_rng(0), clean=True).arrays, 1, isa)
            found.append(isa)
        except ValueError:
            continue
    return found


class Scene:
    """One avatar. clean: finite and legal, so that pictures can be compared."""

    def __init__(self, rng, clean=False):
        self.rng = rng
        self.clean = clean
        self.spoilt = 0.0 if clean else float(rng.choice([0, 0, 0.01, 0.3, 1.0]))
        self.morphs = int(rng.choice([0, 1, 3, 52]))
        self.arrays = self._arrays(int(rng.choice(SPLATS[1:] if clean else SPLATS)))

    def spoil(self, values, share):
        values = np.asarray(values, np.float32).copy()
        hit = self.rng.random(values.shape) < share
        values[hit] = self.rng.choice(EVIL, int(hit.sum()))
        return values

    def _arrays(self, count):
        rng, share = self.rng, self.spoilt
        spread = 0.1 if self.clean else rng.choice([0.01, 0.1, 1, 100])
        largest = -3 if self.clean else 3
        rotations = rng.normal(size=(count, 4))
        if self.clean:
            rotations /= np.linalg.norm(rotations, axis=1, keepdims=True)
        parts = [self._part(count) for _ in range(self.morphs)]
        offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
        indices = np.concatenate([np.zeros(0, np.uint32), *parts]).astype(np.uint32)
        arrays = [
            self.spoil(rng.normal(size=(count, 3)) * spread, share),
            self.spoil(np.exp(rng.uniform(-12, largest, (count, 3))), share),
            self.spoil(rotations, share),
            self.spoil(rng.random((count, 3)), share),
            self.spoil(rng.random(count), share),
            self.spoil(rng.random(count), share),
            offsets,
            indices,
            self.spoil(rng.normal(size=(len(indices), 3)) * 0.01, share),
        ]
        if not self.clean and rng.random() < 0.12:
            self._damage(arrays, count)
        return arrays

    def _part(self, count):
        size = int(self.rng.integers(0, count)) if count > 1 else 0
        return np.sort(self.rng.integers(0, max(count, 1), size)).astype(np.uint32)

    def _damage(self, arrays, count):
        """What must be refused: indices beyond the end, offsets that do not rise, arrays of other lengths."""
        kind = self.rng.integers(4)
        if kind == 0 and len(arrays[7]):
            arrays[7][self.rng.integers(len(arrays[7]))] = self.rng.choice([count, 2**31, 2**32 - 1])
        elif kind == 1:
            arrays[6][self.rng.integers(len(arrays[6]))] = self.rng.choice([-1, 2**40, 5, -(2**62)])
        elif kind == 2:
            which = self.rng.integers(6)
            arrays[which] = arrays[which][:-1]
        else:
            arrays[8] = arrays[8][1:]

    def frame(self):
        """Arguments of `render`, the picture last."""
        rng, bad = self.rng, 0.0 if self.clean else 1.0
        width, height = (int(side) for side in rng.choice(SIDES, 2))
        if rng.random() < 0.01 * bad:
            width, height = LARGE[rng.integers(len(LARGE))]
        focal = width * 2 if self.clean else rng.choice([1.0, width, width * 2, 1e-6, 1e9])
        lens = [float(focal), float(focal), width / 2, height / 2]
        if rng.random() < 0.08 * bad:
            lens = [float(value) for value in rng.choice(EVIL, 4)]
        body = np.eye(4, dtype=np.float32)
        body[2, 3] = 1.0 if self.clean else rng.choice([0, 0.005, 0.5, 2, -1, 1e10])
        head = body.copy()
        if not self.clean:
            head[:3, :3] = rng.normal(size=(3, 3))
        body, head = (self.spoil(m, 0.2) if rng.random() < 0.12 * bad else m for m in (body, head))
        return (
            self.spoil(rng.random(self.morphs), rng.choice([0, 0.2, 1]) * bad),
            body,
            head,
            lens,
            float(rng.choice([0, 0.3, 100, np.nan, np.inf, -1])) if rng.random() < 0.2 * bad else 0.3,
            [float(v) for v in (rng.choice(EVIL, 3) if rng.random() < 0.1 * bad else rng.random(3))],
            rng.integers(0, 255, (height, width, 3)).astype(np.uint8) if rng.random() < 0.3 else None,
            str(rng.choice(["opaque", "premultiplied", "straight"])),
            float(rng.choice([0, 0.3, 1] if self.clean else [0, 0.3, 1, np.nan])),
            np.empty((height, width, 4), np.uint8),
        )

    def next_frame(self, arguments):
        """The same again but for a weight or the head, so that some tiles stay as they are."""
        rng = self.rng
        weights, body, head = (arguments[0].copy(), arguments[1], arguments[2].copy())
        if len(weights) and rng.random() < 0.7:
            weights[rng.integers(len(weights))] = rng.random()
        if rng.random() < 0.4:
            head[:3, 3] += rng.normal(size=3).astype(np.float32) * 0.01
        return (weights, body, head, *arguments[3:-1], np.empty_like(arguments[-1]))


def draw(module, seed, number, isas, clean=False):
    """Pictures of one scene, None where it is refused."""
    rng = np.random.default_rng([seed, number])
    scene = Scene(rng, clean)
    threads, isa = int(rng.choice([1, 2, 3, 8])), isas[number % len(isas)]
    try:
        rasteriser = module.Rasteriser(*scene.arrays, threads, isa)
    except (ValueError, TypeError):
        return None
    pictures, arguments = [], None
    for _ in range(int(rng.integers(1, 4))):
        arguments = scene.frame() if arguments is None or rng.random() < 0.4 else scene.next_frame(arguments)
        out = arguments[-1]
        if hasattr(rasteriser, "picture") and rng.random() < 0.5:
            out = rasteriser.picture(out.shape[1], out.shape[0])
        try:
            rasteriser.render(*arguments[:-1], out)
        except (ValueError, TypeError):
            continue
        pictures.append(_comparable(out.copy(), mode=arguments[7]))
    rasteriser.stats()
    return pictures


def _comparable(picture, mode):
    """Straight alpha divides by a coverage that may be nearly nothing; multiplied again, roundings stay small."""
    if mode != "straight":
        return picture
    out = picture.astype(np.uint16)
    out[:, :, :3] = out[:, :, :3] * out[:, :, 3:] // 255
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--module", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--save", type=Path, help="draw clean scenes and keep their pictures here")
    options = parser.parse_args()
    module = load(options.module)
    isas = available(module)
    frames = refused = 0
    kept = {}
    for number in range(options.first, options.first + options.count):
        print(f"scene {number}", end="\r", file=sys.stderr, flush=True)  # what a sanitizer's report follows
        pictures = draw(module, options.seed, number, isas, clean=options.save is not None)
        refused += pictures is None
        frames += len(pictures or ())
        if options.save:
            kept |= {f"{number}_{i}": picture for i, picture in enumerate(pictures or ())}
    if options.save:
        np.savez(options.save, **kept)
    print(json.dumps({"scenes": options.count, "frames": frames, "refused": refused, "isas": isas}))


if __name__ == "__main__":
    main()
