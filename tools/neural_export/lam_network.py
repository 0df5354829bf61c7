"""LAM Audio2Expression's network under its own parameter names, so that the published checkpoint loads strictly.

Structure from the public repository aigc3d/LAM_Audio2Expression (Apache-2.0; models/network.py and
models/encoder/wav2vec.py): a wav2vec2-base encoder whose convolutional features are interpolated to the frame rate, a
12-way identity, a three-layer residual translator, a three-layer decoder, a sigmoid. The parameters `grus`, `lm_head`
and `masked_spec_embed` are in the checkpoint and never used. The weights are CC BY-NC 4.0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Wav2Vec2Config, Wav2Vec2Model

from avatar_ros.core.arkit import ARKIT_COUNT

FRAME_RATE_HZ = 30.0


@dataclass(frozen=True)
class LamShape:
    """Sizes of the network; the defaults are the published ones. wav2vec2: changes to the base configuration."""

    identities: int = 12
    identity_dim: int = 64
    hidden: int = 512
    layers: int = 3
    lm_inputs: int = 1024
    lm_outputs: int = 32
    wav2vec2: dict[str, Any] = field(default_factory=dict)


class ConvBlock(nn.Module):
    """Convolution of three frames, layer norm over channels, in the first net a residual, ReLU: [1, C, T]."""

    def __init__(self, inputs: int, outputs: int, residual: bool) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, 3, padding=1)
        self.norm = nn.LayerNorm(outputs)
        self.residual = residual
        if residual and inputs != outputs:
            self.residual_layer: nn.Module = nn.Sequential(nn.Conv1d(inputs, outputs, 3, padding=1))
        elif residual:
            self.residual_layer = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        out = self.norm(self.conv(x).transpose(1, 2)).transpose(1, 2)
        return torch.relu(out + self.residual_layer(x) if self.residual else out)


class SeqTranslator(nn.Module):
    """Residual blocks; the first one narrows."""

    def __init__(self, inputs: int, outputs: int, layers: int) -> None:
        super().__init__()
        widths = [inputs, *[outputs] * (layers - 1)]
        self.conv_layers = nn.Sequential(*(ConvBlock(width, outputs, residual=True) for width in widths))

    def forward(self, x: Tensor) -> Tensor:
        """[1, C, T] to [1, C', T]."""
        out: Tensor = self.conv_layers(x)
        return out


class IdentityEncoder(nn.Module):
    """Adds the speaker's style. `grus` is in the checkpoint and is not called, as upstream."""

    def __init__(self, shape: LamShape) -> None:
        super().__init__()
        self.id_mlp = nn.Conv1d(shape.identities, shape.identity_dim, 1)
        self.first_net = SeqTranslator(shape.hidden + shape.identity_dim, shape.hidden, shape.layers)
        self.grus = nn.GRU(shape.hidden, shape.hidden, 1, batch_first=True)

    def forward(self, x: Tensor, identity: Tensor) -> Tensor:
        """Features [1, C, T] and identity [1, identities] (one-hot) to [1, C, T]."""
        style = self.id_mlp(identity[:, :, None]).expand(-1, -1, x.shape[2])
        out: Tensor = self.first_net(torch.cat([x, style], dim=1))
        return out


class LamBackbone(nn.Module):
    """Audio2Expression: sound to weights."""

    def __init__(self, shape: LamShape) -> None:
        super().__init__()
        config = Wav2Vec2Config(**shape.wav2vec2)
        config._attn_implementation = "eager"
        self.audio_encoder = Wav2Vec2Model(config)
        self.audio_encoder.lm_head = nn.Linear(shape.lm_inputs, shape.lm_outputs)
        self.feature_projection = nn.Linear(config.hidden_size, shape.hidden)
        self.identity_encoder = IdentityEncoder(shape)
        self.decoder = nn.ModuleList(
            [nn.Sequential(*(ConvBlock(shape.hidden, shape.hidden, residual=False) for _ in range(shape.layers)))]
        )
        self.output_proj = nn.Linear(shape.hidden, ARKIT_COUNT)

    def decode(self, hidden: Tensor, identity: Tensor) -> Tensor:
        """Hidden states [1, T, dim] and identity [1, identities] to weights [1, T, 52], 0–1."""
        x = self.identity_encoder(self.feature_projection(hidden).transpose(1, 2), identity)
        return torch.sigmoid(self.output_proj(self.decoder[0](x).transpose(1, 2)))

    def forward(self, sound: Tensor, identity: Tensor) -> Tensor:
        """Sound [1, N] (16 kHz, ±1, as it is) to weights [1, ceil(N / 16000 · 30), 52]."""
        frames = -(-sound.shape[1] * int(FRAME_RATE_HZ) // 16000)
        encoder = self.audio_encoder
        features = encoder.feature_extractor(sound)
        features = torch.nn.functional.interpolate(features, size=frames, align_corners=True, mode="linear")
        projected, _ = encoder.feature_projection(features.transpose(1, 2))
        return self.decode(encoder.encoder(projected).last_hidden_state, identity)


class LamAudio2Expression(nn.Module):
    """The checkpoint's top level: everything lies under `backbone.`"""

    def __init__(self, shape: LamShape | None = None) -> None:
        super().__init__()
        self.shape = shape or LamShape()
        self.backbone = LamBackbone(self.shape)

    def forward(self, sound: Tensor, identity: Tensor) -> Tensor:
        """See LamBackbone."""
        out: Tensor = self.backbone(sound, identity)
        return out


class LamDecoder(nn.Module):
    """The half that the expression node runs: hidden states to weights. A frame sees six frames to either side."""

    inputs = ("features", "identity")
    outputs = ("weights",)

    def __init__(self, model: LamAudio2Expression) -> None:
        super().__init__()
        self.backbone = model.backbone
        self.dim = int(model.backbone.audio_encoder.config.hidden_size)
        self.reach = 2 * model.shape.layers
        self.identities = model.shape.identities

    def forward(self, features: Tensor, identity: Tensor) -> Tensor:
        """See LamBackbone.decode."""
        return self.backbone.decode(features, identity)

    def example(self) -> tuple[Tensor, ...]:
        """Inputs to trace with."""
        return torch.randn(1, 20, self.dim), torch.eye(self.identities)[:1]
