"""Loads LAM Audio2Expression's published checkpoint, strictly: every key named that is missing or too many."""

from __future__ import annotations

import codecs
import pickle
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .lam_network import LamAudio2Expression

_PREFIX = "module."
#: transformers before and after it moved to torch.nn.utils.parametrizations.weight_norm.
_WEIGHT_NORM = (("pos_conv_embed.conv.weight_g", "pos_conv_embed.conv.parametrizations.weight.original0"),
                ("pos_conv_embed.conv.weight_v", "pos_conv_embed.conv.parametrizations.weight.original1"))  # fmt: skip
_SHOWN = 8


class CheckpointError(ValueError):
    """A checkpoint that does not fit the network, or is none."""


def load_lam(path: Path, model: LamAudio2Expression) -> LamAudio2Expression:
    """Fill `model` from the file at `path`. Raises CheckpointError naming what does not fit."""
    fill(model, read_state(path), path.name)
    return model.eval()


def read_state(path: Path) -> Mapping[str, Tensor]:
    """The weights in a file of torch.save: a state dict, alone or under "state_dict". No code in it is run."""
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist")
    try:
        with torch.serialization.safe_globals(_numpy_scalars()):
            tree: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(
            f"{path} is no checkpoint of torch.save that can be read without running its code: {first}; the archive "
            "that is downloaded holds the checkpoint (pretrained_models/*.tar): unpack it first",
        ) from error  # fmt: skip
    state = tree.get("state_dict", tree) if isinstance(tree, Mapping) else None
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise CheckpointError(f"{path} holds no state_dict of tensors")
    return state


def _numpy_scalars() -> list[Any]:
    """What a score kept beside the weights is made of: numpy's numbers, under the names of numpy 1 and 2."""
    scalar = np.float64(0).__reduce__()[0]
    names = [(scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")]
    return [np.dtype, codecs.encode, (codecs.encode, "_codecs.encode"), *names,
            *(type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64))]  # fmt: skip


def fill(model: LamAudio2Expression, state: Mapping[str, Tensor], name: str) -> None:
    """Load `state` strictly, "module." stripped, weight norm under either name. Raises CheckpointError."""
    wanted = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    renamed = {_renamed(key, wanted): value.float() for key, value in state.items()}
    problems = [
        _listed("lacks", wanted.keys() - renamed.keys()),
        _listed("has too many", renamed.keys() - wanted.keys()),
        _listed("has other shapes for", (f"{key} {tuple(value.shape)} for {wanted[key]}" for key, value in
                                         renamed.items() if key in wanted and tuple(value.shape) != wanted[key])),
    ]  # fmt: skip
    if any(problems):
        raise CheckpointError(f"{name} does not fit LAM Audio2Expression: it {'; it '.join(filter(None, problems))}")
    model.load_state_dict(renamed, strict=True)


def _renamed(key: str, wanted: Mapping[str, Any]) -> str:
    key = key.removeprefix(_PREFIX)
    for old, new in _WEIGHT_NORM:
        for one, other in ((old, new), (new, old)):
            swapped = key.removesuffix(one) + other
            if key.endswith(one) and key not in wanted and swapped in wanted:
                return swapped
    return key


def _listed(what: str, keys: Iterable[str]) -> str:
    names = sorted(keys)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{what} {len(names)} keys ({', '.join(names[:_SHOWN])}{more})" if names else ""
