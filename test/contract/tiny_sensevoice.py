"""A small SenseVoice, made here: a random encoder, and an output layer fitted to a handful of sounds.

The folder is what FunASR's AutoModel loads, with the published model's file names; `export_onnx` writes the same
weights as sherpa-onnx wants them (the inputs, and the metadata names of its offline-sense-voice-model.cc). What the
model says of a sound that it was fitted to is known, so a test sees words, and not only that nothing fell over.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch", reason="torch is not installed")
sentencepiece = pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")
if importlib.util.find_spec("funasr") is None:  # importing it would import all of it
    pytest.skip("funasr is not installed", allow_module_level=True)

import avatar_ros.asr.sensevoice  # noqa: E402, F401  enters funasr without its __init__

FRONTEND = {"fs": 16000, "window": "hamming", "n_mels": 80, "frame_length": 25, "frame_shift": 10,
            "lfr_m": 7, "lfr_n": 6, "dither": 0.0}  # fmt: skip
ENCODER = {"output_size": 192, "attention_heads": 4, "linear_units": 64, "num_blocks": 2, "tp_blocks": 1,
           "dropout_rate": 0.0, "attention_dropout_rate": 0.0, "input_layer": "pe", "normalize_before": True,
           "kernel_size": 11, "sanm_shfit": 0, "selfattention_layer_type": "sanm"}  # fmt: skip
LANGUAGES, STYLES = ("auto", "zh", "en", "yue", "ja", "ko", "nospeech"), ("withitn", "woitn")
TAGS = ("en", "zh", "nospeech", "HAPPY", "NEUTRAL", "EMO_UNKNOWN", "Speech", "Laughter", "Cough", "withitn", "woitn")
#: The published model's name for its pieces; configuration.json points to it.
PIECES = "chn_jpn_yue_eng_ko_spectok.bpe.model"
_FEATURES = FRONTEND["n_mels"] * FRONTEND["lfr_m"]
_BLANK = 0


class TinySenseVoice:
    """lessons: sounds (int16, 16 kHz) and the rich text that each shall be heard as."""

    def __init__(self, folder: Path, lessons: Sequence[tuple[np.ndarray, str]]) -> None:
        from funasr.frontends.wav_frontend import WavFrontend
        from funasr.models.sense_voice.model import SenseVoiceSmall

        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.pieces = _write_pieces(folder / PIECES, [text for _, text in lessons])
        self._write_config()
        _write_cmvn(folder / "am.mvn", np.zeros(_FEATURES), np.ones(_FEATURES))
        sounds = [self._features(WavFrontend(cmvn_file=str(folder / "am.mvn"), **FRONTEND), pcm) for pcm, _ in lessons]
        every = torch.cat(sounds)
        self.mean, self.spread = every.mean(0).numpy(), every.std(0).numpy() + 0.1
        _write_cmvn(folder / "am.mvn", -self.mean, 1 / self.spread)
        torch.manual_seed(1)
        self.model = SenseVoiceSmall(
            encoder="SenseVoiceEncoderSmall", encoder_conf=ENCODER, input_size=_FEATURES,
            vocab_size=self.pieces.vocab_size(), ctc_conf={"dropout_rate": 0.0},
        ).eval()  # fmt: skip
        inputs = [(sound - torch.tensor(self.mean)) / torch.tensor(self.spread) for sound in sounds]
        self._fit([(sound.float(), text) for sound, (_, text) in zip(inputs, lessons, strict=True)])
        self.save()

    def save(self) -> None:
        """Write model.pt as it is now."""
        torch.save({"state_dict": self.model.state_dict()}, self.folder / "model.pt")

    @torch.no_grad()
    def always(self, pieces: Sequence[str]) -> None:
        """Make it babble: from now on one of these pieces wins at each frame, by chance, whatever it is told."""
        layer = self.model.ctc.ctc_lo
        torch.manual_seed(2)
        layer.weight.normal_(0.0, 1.0)
        layer.bias.fill_(-1000.0)
        for number in map(self.pieces.piece_to_id, pieces):
            layer.bias[number] = -layer.weight[number] @ self._centre

    @torch.no_grad()
    def export_onnx(self, folder: Path) -> None:
        """model.onnx and tokens.txt for sherpa-onnx."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "model.onnx"
        features, lengths = torch.randn(1, 40, _FEATURES), torch.tensor([40], dtype=torch.int32)
        zero = torch.zeros(1, dtype=torch.int32)
        axes = {"x": {0: "N", 1: "T"}, "x_length": {0: "N"}, "language": {0: "N"}, "text_norm": {0: "N"}}
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _Exported(self.model), (features, lengths, zero, zero), str(path), dynamo=False, opset_version=17,
                input_names=list(axes), output_names=["logits"], dynamic_axes={**axes, "logits": {0: "N", 1: "T"}},
            )  # fmt: skip
        with path.open("ab") as file:
            file.write(b"".join(_metadata(name, str(value)) for name, value in self._metadata().items()))
        lines = (f"{self.pieces.id_to_piece(i)} {i}\n" for i in range(self.pieces.vocab_size()))
        (folder / "tokens.txt").write_text("".join(lines), "utf-8")

    def _metadata(self) -> dict[str, object]:
        languages = {f"lang_{name}": self.model.lid_dict[name] for name in LANGUAGES}
        styles = {"with_itn": self.model.textnorm_dict["withitn"], "without_itn": self.model.textnorm_dict["woitn"]}
        return {
            "model_type": "sense_voice_ctc", "vocab_size": self.pieces.vocab_size(), "normalize_samples": 0,
            "lfr_window_size": FRONTEND["lfr_m"], "lfr_window_shift": FRONTEND["lfr_n"], **languages, **styles,
            "neg_mean": ",".join(map(str, -self.mean)), "inv_stddev": ",".join(map(str, 1 / self.spread)),
        }  # fmt: skip

    def _write_config(self) -> None:
        config = {
            "model": "SenseVoiceSmall", "model_conf": {"length_normalized_loss": True},
            "encoder": "SenseVoiceEncoderSmall", "encoder_conf": ENCODER, "ctc_conf": {"dropout_rate": 0.0},
            "tokenizer": "SentencepiecesTokenizer", "tokenizer_conf": {"bpemodel": None},
            "frontend": "WavFrontend", "frontend_conf": {**FRONTEND, "cmvn_file": None},
        }  # fmt: skip
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config))
        files = {
            "init_param": "model.pt", "config": "config.yaml",
            "tokenizer_conf": {"bpemodel": PIECES}, "frontend_conf": {"cmvn_file": "am.mvn"},
        }  # fmt: skip
        (self.folder / "configuration.json").write_text(json.dumps({"framework": "pytorch", "file_path_metas": files}))

    def _features(self, frontend, pcm: np.ndarray):
        sound = torch.from_numpy(pcm.astype(np.float32) / 32768)[None]
        return frontend(sound, [len(pcm)])[0][0]

    @torch.no_grad()
    def _fit(self, lessons) -> None:
        """The output layer by ridge regression to the wanted token of each frame."""
        rows, wanted = [], []
        for sound, text in lessons:
            for language in ("auto", "en"):
                rows.append(self._encoded(sound, language))
                wanted.append(self._wanted(text, sound))
        x = torch.cat(rows).double()
        y = torch.nn.functional.one_hot(torch.cat(wanted), self.pieces.vocab_size()).double()
        self._centre = x.float().mean(0)
        x1 = torch.cat([x, torch.ones(len(x), 1)], 1)
        solved = torch.linalg.solve(x1.T @ x1 + 1e-4 * torch.eye(x1.shape[1]), x1.T @ y)
        layer = self.model.ctc.ctc_lo
        layer.weight.copy_(12 * solved[:-1].T)
        layer.bias.copy_(12 * solved[-1])

    def _wanted(self, text: str, sound):
        """The wanted token of each output: four tags, then the words spread over the loud frames, blanks between."""
        tags, words = split(text)
        wanted = torch.full((4 + len(sound),), _BLANK)
        wanted[:4] = torch.tensor([self.pieces.piece_to_id(tag) for tag in tags])
        level = sound.mean(1)
        loud = torch.nonzero(level > (level.min() + level.max()) / 2).flatten().tolist()
        for i, word in enumerate(words):
            wanted[4 + loud[(2 * i + 1) * len(loud) // (2 * len(words))]] = self.pieces.piece_to_id(word)
        return wanted

    def _encoded(self, sound, language: str):
        exported = _Exported(self.model)
        ids = [torch.tensor([i], dtype=torch.int32) for i in (self.model.lid_dict[language], 14)]
        return exported.encoded(sound[None], torch.tensor([len(sound)], dtype=torch.int32), *ids)[0]


class _Exported(torch.nn.Module):
    """SenseVoice with the inputs and outputs that sherpa-onnx expects: language and style as numbers, logits."""

    def __init__(self, model) -> None:
        super().__init__()
        self.model = model

    def forward(self, x, x_length, language, text_norm):
        return self.model.ctc.ctc_lo(self.encoded(x, x_length, language, text_norm))

    def encoded(self, x, x_length, language, text_norm):
        embed = self.model.embed
        asked = [embed(language)[:, None], embed(torch.tensor([[1, 2]])).repeat(x.size(0), 1, 1)]
        return self.model.encoder(torch.cat([*asked, embed(text_norm)[:, None], x], 1), x_length + 4)[0]


def _write_pieces(path: Path, texts: Sequence[str]):
    """A sentencepiece model with a piece for each word of `texts`, and SenseVoice's tags."""
    words = sorted({word for text in texts for word in split(text)[1]})
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["".join(words)]), model_writer=stream, model_type="bpe", vocab_size=1000,
        user_defined_symbols=[f"<|{name}|>" for name in TAGS] + words, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    path.write_bytes(stream.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=stream.getvalue())


def split(rich: str) -> tuple[list[str], list[str]]:
    """The four tags and the words of a rich text, as pieces."""
    tags = re.findall(r"<\|\w+\|>", rich)
    return tags, ["\u2581" + word for word in rich.split("|>")[-1].split()]


def _write_cmvn(path: Path, shift: np.ndarray, scale: np.ndarray) -> None:
    """Kaldi's text form of mean and variance, as far as FunASR and sherpa's exporter read it."""
    lines = ["<Nnet>"]
    for name, values in (("AddShift", shift), ("Rescale", scale)):
        numbers = " ".join(f"{value:.6f}" for value in values)
        lines += [f"<{name}> {len(values)} {len(values)}", f"<LearnRateCoef> 0 [ {numbers} ]"]
    path.write_text("\n".join([*lines, "</Nnet>"]) + "\n")


def _metadata(name: str, value: str) -> bytes:
    """An entry of ModelProto.metadata_props (field 14; onnx.proto), which may stand after everything else."""
    entry = b"\x0a" + _sized(name.encode()) + b"\x12" + _sized(value.encode())
    return b"\x72" + _sized(entry)


def _sized(data: bytes) -> bytes:
    size, out = len(data), bytearray()
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    return bytes([*out, size]) + data
