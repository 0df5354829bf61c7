"""What kind of model a folder for sherpa-onnx holds, told by its files and what their metadata says.

sherpa-onnx ends the process where metadata is missing or a model is of another kind than it was told; an exception can
be explained. So all that it will read (its csrc/*-model.cc) is looked for first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import ConfigError
from ..core.loading import boundary
from .model_folder import model_folder, read_metadata

_TRANSDUCER = ("encoder", "decoder", "joiner")
_CHUNKED = frozenset({"T", "decode_chunk_len"})
_NEMO = frozenset({"vocab_size", "subsampling_factor", "normalize_type", "pred_rnn_layers", "pred_hidden"})
_WHISPER = frozenset(
    "n_mels n_text_layer n_text_ctx n_text_state n_vocab sot eot blank_id translate transcribe is_multilingual "
    "no_timestamps no_speech sot_sequence".split()
)
_DECODER = frozenset({"vocab_size", "context_size"})
_ZIPFORMER2 = frozenset(
    "encoder_dims query_head_dims value_head_dims num_heads num_encoder_layers cnn_module_kernels "
    "left_context_len".split()
)
#: What a streaming encoder needs besides, by its model_type.
_STREAMING: Mapping[str, frozenset[str]] = {
    "zipformer2": _ZIPFORMER2,
    "zipformer": frozenset(
        {"encoder_dims", "attention_dims", "num_encoder_layers", "cnn_module_kernels", "left_context_len"}
    ),
    "lstm": frozenset({"num_encoder_layers", "rnn_hidden_size", "d_model"}),
    "conformer": frozenset({"num_encoder_layers", "left_context", "encoder_dim", "pad_length", "cnn_module_kernel"}),
}
_NEMO_TYPES = ("EncDecRNNTBPEModel", "EncDecHybridRNNTCTCBPEModel")
_NEMO_CTC_TYPES = ("EncDecCTCModelBPE", "EncDecCTCModel", "EncDecHybridRNNTCTCBPEModel")
_MOONSHINE = ("preprocess", "encode", "uncached_decode", "cached_decode")
#: Single files by their model_type -> kind.
_SINGLE = {"zipformer2_ctc": "zipformer_ctc", "wenet_ctc": "wenet_ctc", "telespeech_ctc": "telespeech_ctc"}


@dataclass(frozen=True)
class SherpaFolder:
    """kind: streaming_transducer, streaming_ctc, transducer, nemo_transducer, nemo_ctc, zipformer_ctc, wenet_ctc,
    telespeech_ctc, paraformer, moonshine or whisper; files: its ONNX files by their part ("model" where it is one).
    """

    kind: str
    files: Mapping[str, Path]
    tokens: Path


def recognise(model: str) -> SherpaFolder:
    """The model in a folder. Raises ConfigError naming the folder, what it lacks, and what can be used.

    model: as the option `model`.
    """
    folder = model_folder(model, "sherpa", "sherpa_zipformer_en")
    tokens = next(iter(sorted(folder.glob("*tokens.txt"))), folder / "tokens.txt")
    parts = {part: _find(folder, part) for part in (*_TRANSDUCER, *_MOONSHINE)}
    if all(parts[part] for part in _MOONSHINE):
        found = SherpaFolder("moonshine", _some(parts, _MOONSHINE), tokens)
    elif all(parts[part] for part in _TRANSDUCER):
        found = SherpaFolder(*_transducer(_some(parts, _TRANSDUCER)), tokens)
    elif parts["encoder"] and parts["decoder"]:
        found = SherpaFolder(*_whisper(_some(parts, ("encoder", "decoder"))), tokens)
    else:
        found = SherpaFolder(*_single(folder), tokens)
    if not tokens.is_file():
        raise _incomplete(folder, "tokens.txt")
    for path in found.files.values():
        _metadata(path)
    return found


def _find(folder: Path, part: str) -> Path | None:
    """encoder.onnx, tiny-encoder.int8.onnx, encoder-epoch-99-avg-1.onnx: of several the quantised one."""
    names = [path for path in sorted(folder.glob("*.onnx")) if _is_part(path.name, part)]
    return min(names, key=lambda path: (".int8." not in path.name, len(path.name)), default=None)


def _is_part(name: str, part: str) -> bool:
    pieces = name.removesuffix(".onnx").removesuffix(".int8").split("-")
    return part in pieces or pieces[-1].endswith(f".{part}")


def _transducer(files: Mapping[str, Path]) -> tuple[str, Mapping[str, Path]]:
    known = _metadata(files["encoder"])
    kind = known.get("model_type", "")
    if kind in _NEMO_TYPES or "pred_rnn_layers" in known:
        _demand(files["encoder"], known, _NEMO)
        return "nemo_transducer", files
    _demand(files["decoder"], _metadata(files["decoder"]), _DECODER)
    if not known.keys() & _CHUNKED:
        return "transducer", files
    if kind not in _STREAMING:
        raise _foreign(files["encoder"], f"a streaming model of type '{kind}'; known: {', '.join(sorted(_STREAMING))}")
    _demand(files["encoder"], known, _CHUNKED | _STREAMING[kind])
    _demand(files["joiner"], _metadata(files["joiner"]), frozenset({"joiner_dim"}))
    return "streaming_transducer", files


def _whisper(files: Mapping[str, Path]) -> tuple[str, Mapping[str, Path]]:
    _demand(files["encoder"], _metadata(files["encoder"]), _WHISPER)
    return "whisper", files


def _single(folder: Path) -> tuple[str, Mapping[str, Path]]:
    path = next((folder / name for name in ("model.int8.onnx", "model.onnx") if (folder / name).is_file()), None)
    path = path or min(folder.glob("*.onnx"), default=None)
    if path is None:
        raise _incomplete(folder, "an ONNX model (encoder, decoder and joiner; or model.onnx)")
    known = _metadata(path)
    kind = known.get("model_type", "")
    if kind == "zipformer2" and known.keys() & _CHUNKED:
        _demand(path, known, _CHUNKED | _ZIPFORMER2)
        return "streaming_ctc", {"model": path}
    if kind in _NEMO_CTC_TYPES:
        _demand(path, known, frozenset({"vocab_size", "subsampling_factor", "normalize_type"}))
        return "nemo_ctc", {"model": path}
    if kind == "sense_voice_ctc":
        raise _foreign(path, "a SenseVoice: set `backend` to sensevoice_sherpa")
    if kind == "paraformer" or {"lfr_window_size", "neg_mean"} <= known.keys():
        _demand(path, known, frozenset({"vocab_size", "lfr_window_size", "lfr_window_shift", "neg_mean", "inv_stddev"}))
        return "paraformer", {"model": path}
    if kind not in _SINGLE:
        raise _foreign(path, f"a model of type '{kind}', which this backend does not load")
    return _SINGLE[kind], {"model": path}


def _metadata(path: Path) -> dict[str, str]:
    with boundary(path, ConfigError, "asr_model_damaged", "fetch the model again"):
        return read_metadata(path)


def _demand(path: Path, known: Mapping[str, str], wanted: frozenset[str]) -> None:
    if absent := wanted - known.keys():
        raise _foreign(path, f"no such model as sherpa-onnx publishes: its metadata lacks {', '.join(sorted(absent))}")


def _some(parts: Mapping[str, Path | None], names: tuple[str, ...]) -> dict[str, Path]:
    return {name: path for name in names if (path := parts[name]) is not None}


def _incomplete(folder: Path, what: str) -> ConfigError:
    return ConfigError("asr_model_incomplete", f"the model folder {folder} lacks {what}; fetch the model again")


def _foreign(path: Path, what: str) -> ConfigError:
    return ConfigError("asr_model_foreign", f"{path} is {what}")
