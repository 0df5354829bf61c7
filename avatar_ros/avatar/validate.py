"""Checking an avatar file: every fault with its remedy, and what the avatar has. Never raises for a bad file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import yaml

from ..core.arkit import ARKIT_INDEX, ARKIT_NAMES
from ..core.avatar_card import read_card
from ..core.errors import AvatarError
from ..core.loading import boundary
from ..core.machine import machine_fault
from ..core.terminal import printable_line
from .archive import AvatarArchive
from .axes import Y_UP, may_be_upside_down
from .clean import INVISIBLE_OPACITY, CleanSettings, clean
from .lam_format import assemble, check_finite, read_clips, read_mesh, read_offsets
from .light import NO_LIGHT, Light, lit
from .light_estimate import proposed
from .load import LAM, kind_of, load_splats
from .model import Avatar, Morphs, missing_shapes

T = TypeVar("T")
HEAD_HEIGHT_M = (0.1, 3.0)
LARGE_SCALE_M = 0.1
MAX_MORPH_M = 0.2
NEEDED_SHAPES = ("jawOpen", "mouthClose", "eyeBlinkLeft", "eyeBlinkRight")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong (a fault) or odd (a warning), with its remedy."""

    code: str
    text: str
    fault: bool = True


@dataclass
class Report:
    """What an avatar file holds and what is wrong with it."""

    path: Path
    kind: str = LAM
    findings: list[Finding] = field(default_factory=list)
    splats: int = 0
    morph_names: tuple[str, ...] = ()
    clips: dict[str, float] = field(default_factory=dict)  # name to duration, s
    extent_m: tuple[tuple[float, ...], tuple[float, ...]] | None = None  # lowest and highest corner

    @property
    def good(self) -> bool:
        """Whether the avatar can be shown (warnings allowed)."""
        return not any(finding.fault for finding in self.findings)

    def fault(self, code: str, text: str) -> None:
        """Add what makes the avatar unusable."""
        self.findings.append(Finding(code, text))

    def note(self, code: str, text: str) -> None:
        """Add an oddity."""
        self.findings.append(Finding(code, text, fault=False))

    def text(self) -> str:
        """The report for people, several lines; the last is the verdict."""
        lines = [f"{self.path} ({self.kind})"] if self.splats else []
        if self.splats:
            lines.append(f"  splats  {self.splats}")
            shapes = sum(name in ARKIT_INDEX for name in self.morph_names)
            lines.append(f"  morphs  {len(self.morph_names)}, {shapes} of the {len(ARKIT_NAMES)} ARKit shapes")
            clips = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.clips.items())
            lines.append(f"  clips   {len(self.clips)}{': ' if clips else ''}{clips}")
        if self.extent_m:
            low, high = self.extent_m
            spans = (f"{axis} {a:.2f} to {b:.2f}" for axis, a, b in zip("xyz", low, high, strict=True))
            lines.append(f"  extent  {', '.join(spans)} m")
        lines += [f"  {'fault' if f.fault else 'note '}   {f.text} [{f.code}]" for f in self.findings]
        faults = sum(finding.fault for finding in self.findings)
        verdict = "good" if self.good else f"cannot be used, {faults} fault{'s' if faults > 1 else ''}"
        return "\n".join(map(printable_line, [*lines, f"{self.path}: {verdict}"]))


def validate(path: str | Path, axes: str = Y_UP) -> Report:
    """Check an avatar file. All faults that can be found are listed, not the first only.

    axes: what is up in a file of splats alone. Raises ConfigError for unknown axes.
    """
    report = Report(Path(path))
    with np.errstate(all="ignore"):
        _try(report, lambda: _examine(report, axes))
    return report


def _examine(report: Report, axes: str) -> None:
    report.kind = kind_of(report.path)
    lam = report.kind == LAM
    avatar = _lam(report) if lam else load_splats(report.path, report.kind, axes)
    card = _try(report, lambda: read_card(yaml, report.path))
    if avatar is not None:
        _describe(report, avatar)
        _judge(report, avatar)
        _judge_light(report, avatar, Light(**card.light) if card else NO_LIGHT)


def _try(report: Report, step: Callable[[], T]) -> T | None:
    try:
        with boundary(report.path, AvatarError, "avatar_unreadable", "export the avatar again"):
            return step()
    except AvatarError as error:
        if machine_fault(error):
            raise
        text = error.text.removeprefix(f"{report.path}: ")
        if all(finding.text != text for finding in report.findings):
            report.fault(error.code, text)
        return None


def _lam(report: Report) -> Avatar | None:
    """Read each part on its own, so that one bad part does not hide another."""
    archive = _try(report, lambda: AvatarArchive(report.path))
    if archive is None:
        return None
    with archive:
        raw = _try(report, lambda: read_offsets(archive))
        splats = None if raw is None else len(raw["xyz"])
        mesh = _try(report, lambda: read_mesh(archive, splats))
        clips = _try(report, lambda: read_clips(archive))
    if mesh is not None:
        arrays = {"POSITION": mesh.positions, "morph targets": mesh.morphs.deltas}
        _try(report, lambda: check_finite(report.path, "skin.glb", arrays))
    if raw is not None:
        columns = raw
        _try(report, lambda: check_finite(report.path, "offset.ply", columns))
    if raw is None or mesh is None:
        return None
    parts = (raw, mesh, clips or {})
    return _try(report, lambda: assemble(report.path, *parts))


def _describe(report: Report, avatar: Avatar) -> None:
    report.splats = avatar.splats
    report.morph_names = avatar.morph_names
    report.clips = {clip.name: clip.duration_s for clip in avatar.clips.values()}
    low, high = avatar.extent()
    report.extent_m = (tuple(map(float, low)), tuple(map(float, high)))


def _judge(report: Report, avatar: Avatar) -> None:
    """Faults and oddities of an avatar whose files are sound."""
    fault, note = report.fault, report.note
    low, high = np.percentile(avatar.positions[:, 1], [1, 99])
    if not HEAD_HEIGHT_M[0] <= high - low <= HEAD_HEIGHT_M[1]:
        fault("avatar_bad_extent", f"the head is {high - low:.3g} m high, not {HEAD_HEIGHT_M[0]} to {HEAD_HEIGHT_M[1]};"
                                   " export it in metres, Y up")
    seen = avatar.opacities >= INVISIBLE_OPACITY
    if not seen.any():
        fault("avatar_invisible", "all splats are transparent; the opacities are probably not logits")
    elif seen.mean() < 0.99:
        note("avatar_invisible_splats", f"{int((~seen).sum())} splats are too transparent to see; they are dropped")
    large = int((avatar.scales[seen].max(axis=1, initial=0) > LARGE_SCALE_M).sum())
    if large > 0.5 * seen.sum():
        fault("avatar_bad_scales", f"{large} splats are larger than {LARGE_SCALE_M} m; the scales are probably not "
                                   "logarithms of metres")
    elif large:
        note("avatar_large_splats", f"{large} splats are larger than {LARGE_SCALE_M} m and may show as halos")
    if report.kind != LAM and may_be_upside_down(avatar):
        note("avatar_upside_down", "it may stand on its head: if so, say --axes y_down, here, to render and to kiosk "
                                   "(parameter avatar_axes of renderer_node)")
    _judge_morphs(report, avatar.morphs)
    floaters = int(seen.sum()) - clean(avatar, CleanSettings()).splats
    if floaters > 0:
        note("avatar_floaters", f"{floaters} floaters or halos; they are dropped at load")
    if report.kind == LAM and not avatar.clips:
        note("avatar_no_clips", "no head clips (animation.glb); the head is moved by the expression alone")
    if report.kind == LAM and avatar.neck is None:
        note("avatar_no_neck", "skin.glb binds no splat to a joint named 'head'; the shoulders turn with the head")


def _judge_light(report: Report, avatar: Avatar, own: Light) -> None:
    """Only what the whites of the eyes say plainly, after the light that its card asks for already."""
    light = proposed(replace(avatar, colors=lit(avatar.colors, own)))
    if light is not None:
        values = asdict(light).items()
        asks = ", ".join(f"{name}: {value:g}" for name, value in values if value != getattr(NO_LIGHT, name))
        more = " beside the light that its card asks for already" if own != NO_LIGHT else ""
        report.note("avatar_light", "by the whites of its eyes the picture was too dark or of an odd colour; try in "
                                    f"its avatar.yaml{more}: defaults: {{light: {{{asks}}}}}")  # fmt: skip


def _judge_morphs(report: Report, morphs: Morphs) -> None:
    fault, note = report.fault, report.note
    missing = missing_shapes(morphs.names)
    needed = [name for name in NEEDED_SHAPES if name in missing]
    if report.kind != LAM:
        note("avatar_static", "no morphs in a file of splats alone: the head moves as a whole, the face does not")
    elif needed:
        fault("avatar_missing_morphs", f"lacks the morphs {', '.join(needed)}; name them as ARKit does in "
                                       "mesh.extras.targetNames of skin.glb")
    elif missing:
        note("avatar_fewer_morphs", f"lacks the ARKit shapes {', '.join(missing)}")
    unknown = [name for name in morphs.names if name not in ARKIT_INDEX]
    if unknown:
        note("avatar_unknown_morphs", f"ignores morphs that ARKit does not name: {', '.join(unknown)}")
    twice = sorted({name for name in morphs.names if morphs.names.count(name) > 1})
    if twice:
        note("avatar_duplicate_morphs", f"names morphs twice: {', '.join(twice)}")
    farthest = float(np.abs(morphs.deltas).max(initial=0))
    if farthest > MAX_MORPH_M:
        fault("avatar_bad_morphs", f"a morph moves a splat by {farthest:.2f} m (limit {MAX_MORPH_M}); export in metres")
