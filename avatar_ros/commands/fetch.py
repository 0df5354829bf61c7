"""`./avatar fetch [NAME…]`: optional models, with a progress bar, a checksum, and a question where a licence forbids
commercial use. Without a name: what there is.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ..core.errors import ConfigError
from ..core.paths import user_data_folder
from ..core.private import write_private
from ..core.terminal import printable
from .manifest import Model, RemoteFile, read_manifest

#: What was fetched, beside the model: {"file": {"url", "sha256"}}.
RECEIPT = "fetched.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="models to fetch; none: list what there is")
    add("--to", metavar="FOLDER", help="where to (default: where the nodes look, $XDG_DATA_HOME/avatar_ros/models)")
    add("--manifest", metavar="FILE", help="a list of models of your own (default: models/manifest.yaml)")
    add(
        "--accept-licence",
        action="append",
        default=[],
        metavar="NAME",
        help="agree to the licence of this model, which forbids commercial use, without being asked",
    )


def run(options: argparse.Namespace) -> int:
    """0: everything is there; 1: a licence was not agreed to."""
    models = read_manifest(Path(options.manifest) if options.manifest else None)
    folder = Path(options.to).expanduser() if options.to else user_data_folder() / "models"
    if not options.names:
        print(printable("\n".join(listing(models, folder))))
        return 0
    names, accepted = ([_known(name, models) for name in asked] for asked in (options.names, options.accept_licence))
    refused = [name for name in names if not _may(models[name], accepted)]
    for name in names:
        if name not in refused:
            fetch(models[name], folder / name)
            print(printable(f"{name}: {folder / name}"))
    return int(bool(refused))


def _known(name: str, models: Mapping[str, Model]) -> str:
    """The model's name, however its words are joined. Raises ConfigError."""
    for known in models:
        if known.replace("-", "_") == name.replace("-", "_"):
            return known
    raise ConfigError("unknown_model", f"unknown model '{name}'; known: {', '.join(models)}")


def listing(models: Mapping[str, Model], folder: Path) -> list[str]:
    """What there is, and what of it is here already."""
    lines = []
    for model in models.values():
        here = {file.name for file in model.files} <= receipt_of(folder / model.name).keys()
        size = _size(model)
        warning = "; not for commercial use" if model.non_commercial else ""
        lines.append(f"{model.name:<18} {'here' if here else size:>12}  {model.purpose}")
        lines.append(f"{'':31}  licence: {model.licence}{warning}")
    return lines


def _size(model: Model) -> str:
    """Of all files; the manifest does not know every file's."""
    least = f"{model.size / 1e6:.0f} MB"
    if all(file.size for file in model.files):
        return least
    return f">= {least}" if model.size else "size unknown"


def fetch(model: Model, folder: Path, **downloader: float) -> None:
    """Bring all files of a model that are not there. Raises FetchError."""
    from .download import check_can_unpack, fetch_file, unpack

    if any(file.unpack for file in model.files):
        check_can_unpack()  # before hundreds of megabytes come
    receipt = receipt_of(folder)
    for file in model.files:
        known = receipt.get(file.name, {}) if receipt.get(file.name, {}).get("url") == file.url else {}
        if file.unpack and known:
            continue  # unpacked, and the archive is gone
        kept = known.get("sha256", "")
        expected = f"sha256:{kept}" if kept and not file.sha256 else file.checksum
        with _Bar(file) as bar:
            path = fetch_file(file, folder, expected, bar, **downloader)
        found = file.sha256 or kept or _sum_of(path)
        if not expected:
            told = f"{file.name}: nobody has published a checksum; this one is kept from now on: sha256 {found}"
            print(printable(told))
        if file.unpack:
            unpack(path)
        receipt[file.name] = {"url": file.url, "sha256": found}
        write_private(folder / RECEIPT, json.dumps(receipt, indent=1))


def receipt_of(folder: Path) -> dict[str, dict[str, str]]:
    """What was fetched into `folder`; {} where nothing was, or the receipt is damaged."""
    try:
        tree = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    return tree if isinstance(tree, dict) else {}


def _sum_of(path: Path) -> str:
    import pooch

    return str(pooch.file_hash(str(path)))


def _may(model: Model, accepted: list[str], ask: Callable[[str], str] = input) -> bool:
    """Whether the model may be fetched: asks where its licence forbids commercial use."""
    if not model.non_commercial or model.name in accepted:
        return True
    told = printable(f"{model.name} is under {model.licence}")
    question = f"{told}: it must not be used commercially. Fetch it? [y/N] "
    if not sys.stdin.isatty():
        print(f"{question}\nnobody is there to ask; agree with: --accept-licence {model.name}", file=sys.stderr)
        return False
    return ask(question).strip().lower() in ("y", "yes")


class _Bar:
    """tqdm's progress bar on a terminal, nothing elsewhere."""

    def __init__(self, file: RemoteFile) -> None:
        from tqdm import tqdm

        self._bar = tqdm(total=file.size or None, unit="B", unit_scale=True, desc=file.name[:40], disable=None)

    def __call__(self, have: int, whole: int) -> None:
        self._bar.total = whole or self._bar.total
        self._bar.update(have - self._bar.n)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()
