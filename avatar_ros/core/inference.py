"""Which copy of a network runs where: INT8 on the CPU, FP16 on CUDA, decided by the provider that really loaded.

CUDA lacks the integer kernels (an INT8 transformer is very slow there), and an onnxruntime that lists CUDA may still
fail to load it and go on with the CPU without an error: so the session is asked what it has. The runtime comes in as
an argument, as core imports no library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ConfigError
from .loading import boundary
from .registry import how_to_install

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "int8", "fp16", "fp32")
#: Best first; a network without an INT8 copy runs as it is.
PREFERRED: Mapping[str, tuple[str, ...]] = {CPU: ("int8", "fp32", "fp16"), CUDA: ("fp16", "fp32", "int8")}

#: (file, providers) -> session with get_providers(), get_inputs(), get_outputs(), run()
Opener = Callable[[Path, Sequence[str]], Any]


@dataclass(frozen=True)
class OnnxNetwork:
    """An open session. precision: of its file; provider: the first one that loaded; warning: "" or what went wrong."""

    session: Any
    file: Path
    precision: str
    provider: str
    warning: str = ""


def session_options(runtime: Any, threads: int) -> Any:
    """Options for `threads` threads that sleep while they have no work, for a runtime that logs errors only, and for
    inputs of any length.
    """
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # A plan of memory is kept for every length of input that ever came, without a bound (3 KiB each for our smallest
    # network); sounds and sentences are of any length, and a kiosk runs for weeks.
    options.enable_mem_pattern = False
    return options


def opener(runtime: Any, threads: int) -> Opener:
    """Opens files with `runtime` (the module onnxruntime) on `threads` threads that sleep while they have no work."""

    def open_session(file: Path, providers: Sequence[str]) -> Any:
        options = session_options(runtime, threads)
        # What it raises over a file has a dozen classes, all of its own.
        with boundary(file, ConfigError, "model_unreadable", "it is no network that onnxruntime can run: get it again"):
            if CUDA in providers:
                runtime.preload_dlls()  # CUDA's libraries lie in wheels of their own, where the loader does not look
            return runtime.InferenceSession(str(file), options, providers=list(providers))

    return open_session


def open_network(files: Mapping[str, Path], open_session: Opener, available: Sequence[str], device: str = "auto",
                 precision: str = "auto") -> OnnxNetwork:
    """Open the copy that suits the device. files: precision -> file, those that exist.

    available: providers that the runtime lists; device: one of DEVICES; precision: one of PRECISIONS, to force one.
    Raises ConfigError where no file fits or the file cannot be read.
    """
    warning = ""
    if device != "cpu" and CUDA in available:
        network = _open(files, open_session, CUDA, precision)
        if network.provider == CUDA:
            return network
        warning = "onnxruntime lists CUDA but could not load it: running on the CPU; check its CUDA and cuDNN"
    elif device == "cuda":
        warning = f"CUDA was asked for and this onnxruntime has none: running on the CPU; {how_to_install('gpu')}"
    network = _open(files, open_session, CPU, precision)
    return OnnxNetwork(network.session, network.file, network.precision, network.provider, warning)


def _open(files: Mapping[str, Path], open_session: Opener, provider: str, precision: str) -> OnnxNetwork:
    wanted = PREFERRED[provider] if precision == "auto" else (precision,)
    chosen = next((name for name in wanted if name in files), None)
    if chosen is None:
        have = ", ".join(f"{name}: {file}" for name, file in files.items()) or "none"
        raise ConfigError("model_file_missing", f"no file of precision {' or '.join(wanted)}; there are {have}")
    if not files[chosen].is_file():
        raise ConfigError("model_file_missing", f"{files[chosen]} does not exist; export the model again")
    session = open_session(files[chosen], [CUDA, CPU] if provider == CUDA else [CPU])
    return OnnxNetwork(session, files[chosen], chosen, session.get_providers()[0])


def check_shapes(network: OnnxNetwork, inputs: Mapping[str, Sequence[int | None]],
                 outputs: Mapping[str, Sequence[int | None]]) -> None:
    """Raise ConfigError where the file's inputs or outputs are not these. Shape: sizes, None for one that varies."""
    for what, found, wanted in (("input", network.session.get_inputs(), inputs),
                                ("output", network.session.get_outputs(), outputs)):  # fmt: skip
        shapes = {item.name: item.shape for item in found}
        if set(shapes) != set(wanted):
            raise _wrong(network, f"{what}s {', '.join(sorted(shapes))}", ", ".join(sorted(wanted)))
        for name, shape in wanted.items():
            if not _fits(shapes[name], shape):
                raise _wrong(network, f"{what} '{name}' {shapes[name]}", str([s or "variable" for s in shape]))


def _fits(found: Sequence[Any], wanted: Sequence[int | None]) -> bool:
    # A traced graph names some sizes that are fixed in truth; a name is taken at its word. A number is final: a network
    # for 9 frames takes no 10.
    same = (not isinstance(f, int) or f == w for f, w in zip(found, wanted, strict=False))
    return len(found) == len(wanted) and all(same)


def _wrong(network: OnnxNetwork, found: str, wanted: str) -> ConfigError:
    return ConfigError("model_shape", f"{network.file} has {found}; {wanted} is needed: is it the file for this place?")
