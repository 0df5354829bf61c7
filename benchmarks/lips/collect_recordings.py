"""`./avatar bench recordings`: puts together the recordings that measurements need, from folders that you have.

Looks through checkouts of public projects for the files that recordings.yaml names, by their sums, copies them and
turns their labels into transcripts.json. Downloads nothing: says what is missing, and how it is had.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import wave
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.outputs import write_whole

from ..lib.data_folder import COLLECTED
from .phone_labels import read_labels

CATALOGUE = Path(__file__).with_name("recordings.yaml")
TRANSCRIPTS = "transcripts.json"


@dataclass(frozen=True)
class Published:
    """A file as it is published: path in its source, size and SHA-256."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Wanted:
    """One file of the data folder. labels, begin_sample, text: of a recording, see recordings.yaml."""

    to: Path
    source: str
    file: Published
    labels: Published | None = None
    begin_sample: int = 0
    text: str = ""

    @property
    def parts(self) -> dict[Path, Published]:
        """What is copied, by where it goes."""
        if self.labels is None:
            return {self.to: self.file}
        return {self.to: self.file, self.to.with_suffix(Path(self.labels.path).suffix): self.labels}


def main(arguments: Sequence[str]) -> int:
    """0 where the folder is complete, 1 where something is missing."""
    options = _parser().parse_args(list(arguments))
    for folder in options.folders:
        if not folder.is_dir():
            raise ConfigError("file_missing", f"{folder}: no such folder; name those that hold the sources with --from")
    sources, wanted = catalogue(CATALOGUE)
    found = search([*options.folders, options.to], [part for each in wanted for part in each.parts.values()])
    complete = [each for each in wanted if all(part.sha256 in found for part in each.parts.values())]
    for each in complete:
        for to, part in each.parts.items():
            _copy(found[part.sha256], options.to / to, part)
    write_transcripts(options.to, complete)
    print(f"{options.to}: {len(complete)} of {len(wanted)} files, each as its sum says")
    missing = {name: [each for each in wanted if each.source == name and each not in complete] for name in sources}
    for name, rest in missing.items():
        if rest:
            print(
                _how_to_get(name, sources[name], [p for e in rest for p in e.parts.values() if p.sha256 not in found])
            )
    return int(len(complete) < len(wanted))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="avatar bench recordings", description=__doc__)
    looked_in = "folders to look through, e.g. checkouts of the projects named; none: say what is needed"
    parser.add_argument("--from", dest="folders", type=Path, nargs="+", default=[], metavar="FOLDER", help=looked_in)
    parser.add_argument("--to", type=Path, default=COLLECTED, help="the data folder (default: recordings/)")
    return parser


def catalogue(path: Path) -> tuple[dict[str, dict[str, str]], list[Wanted]]:
    """Sources by name, and the files that are wanted, in their order."""
    tree: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return tree["sources"], [_wanted(**entry) for entry in tree["files"]]


def _wanted(to: str, source: str, file: dict[str, Any], labels: dict[str, Any] | None = None, **more: Any) -> Wanted:
    return Wanted(Path(to), source, Published(**file), Published(**labels) if labels else None, **more)


def search(folders: Iterable[Path], parts: Iterable[Published]) -> dict[str, Path]:
    """Where files with the sums that are looked for lie, whatever their names: sum -> path. Links are not followed."""
    sums: dict[int, set[str]] = defaultdict(set)
    for part in parts:
        sums[part.bytes].add(part.sha256)
    found: dict[str, Path] = {}
    for path in (path for folder in folders for path in _files(folder)):
        size = path.stat().st_size
        if sums.get(size, set()) - found.keys() and (digest := _sum(path)) in sums[size]:
            found.setdefault(digest, path)
    return found


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            path = Path(root, name)
            if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK):
                yield path


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(path: Path, to: Path, part: Published) -> None:
    """Raises ConfigError rather than write over a file of the user's."""
    if to.exists():
        if _sum(to) != part.sha256:
            raise ConfigError("file_exists", f"{to}: another file is there; move it, or name another folder with --to")
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    whole = shutil.copyfile(path, to.with_name(f"{to.name}.part"))  # so that what is cut short is no file of the user's
    whole.replace(to)


def write_transcripts(folder: Path, collected: Iterable[Wanted]) -> None:
    """transcripts.json beside the recordings; entries of others that stand there already stay."""
    entries: dict[Path, dict[str, Any]] = defaultdict(dict)
    for each in collected:
        if each.text or each.labels:
            entries[each.to.parent][each.to.stem] = _entry(folder, each)
    for parent, mine in entries.items():
        path = folder / parent / TRANSCRIPTS
        there = _read(path) if path.exists() else {}
        text = json.dumps({**mine, **{name: entry for name, entry in there.items() if name not in mine}}, indent=1)
        write_whole(path, text + "\n")


def _read(path: Path) -> dict[str, Any]:
    try:
        tree = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ConfigError("transcripts", f"{path}: no JSON ({error}); mend it or move it away") from None
    if not isinstance(tree, dict):
        raise ConfigError("transcripts", f"{path}: recordings by name are needed; mend it or move it away")
    return tree


def _entry(folder: Path, wanted: Wanted) -> dict[str, Any]:
    if wanted.labels is None:
        return {"text": wanted.text}
    path = folder / wanted.to
    with wave.open(str(path)) as sound:
        samples = sound.getnframes()
    labels = path.with_suffix(Path(wanted.labels.path).suffix)
    phones, words = read_labels(labels, wanted.begin_sample, samples)
    return {
        "text": wanted.text or words,
        "phones": [phone for phone, _ in phones],
        "phone_end_samples_16k": [end for _, end in phones],
    }


def _how_to_get(name: str, source: Mapping[str, str], parts: Sequence[Published]) -> str:
    """Where missing files are published, and the commands that bring them."""
    project, commit = source["project"], source["commit"]
    folder = project.split("/")[1]
    return "\n".join([
        f"missing of {name}, {source['licence']}: {project} on GitHub, commit {commit[:10]}",
        *(f"  {part.path}  sha256 {part.sha256}" for part in parts),
        f"  git clone https://github.com/{project} && git -C {folder} checkout {commit[:10]}; then add --from {folder}",
    ])  # fmt: skip
