"""The network: causal dilated convolutions (WaveNet's and Bai et al. 2018's temporal convolutional network), small."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from avatar_ros.speech.mel_features import BANDS
from avatar_ros.speech.phones import PHONE_COUNT


@dataclass(frozen=True)
class Shape:
    """channels; dilations of the blocks; delay_frames: the output of frame t is about frame t - delay_frames."""

    channels: int = 128
    dilations: tuple[int, ...] = (1, 2, 4, 8, 1, 2, 4, 8)
    delay_frames: int = 5
    first_taps: int = 5


class CausalConv(nn.Module):
    """A convolution that hears the past only; the past is handed in: x [B, C, context + T] -> [B, D, T]."""

    def __init__(self, inputs: int, outputs: int, taps: int, dilation: int) -> None:
        super().__init__()
        self.inputs, self.context = inputs, (taps - 1) * dilation
        self.conv = nn.Conv1d(inputs, outputs, taps, dilation=dilation)

    def forward(self, past: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """(output [B, D, T], the past of the next call [B, C, context])."""
        whole = torch.cat([past, x], dim=2)
        return self.conv(whole), whole[:, :, whole.shape[2] - self.context :]


class Block(nn.Module):
    """x + pointwise(relu(norm(conv(x))))."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.conv = CausalConv(channels, channels, 3, dilation)
        self.norm = nn.BatchNorm1d(channels)
        self.drop = nn.Dropout1d(dropout)
        self.mix = nn.Conv1d(channels, channels, 1)

    def forward(self, past: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """See CausalConv."""
        y, past = self.conv(past, x)
        return x + self.mix(self.drop(torch.relu(self.norm(y)))), past


class LipNet(nn.Module):
    """Features [B, T, BANDS] and state [B, state_size] to logits [B, T, PHONE_COUNT] and the next state."""

    def __init__(self, shape: Shape, dropout: float = 0.05) -> None:
        super().__init__()
        self.shape = shape
        self.first = CausalConv(BANDS, shape.channels, shape.first_taps, 1)
        blocks = [Block(shape.channels, dilation, dropout) for dilation in shape.dilations]
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.BatchNorm1d(shape.channels)
        self.last = nn.Conv1d(shape.channels, PHONE_COUNT, 1)
        pasts = [self.first, *(block.conv for block in blocks)]
        self.sizes = [(conv.inputs, conv.context) for conv in pasts]
        self.state_size = sum(channels * context for channels, context in self.sizes)

    def forward(self, features: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """One stretch of a stream; a stream begins with a state of zeros."""
        ends = [0]
        for channels, context in self.sizes:
            ends.append(ends[-1] + channels * context)
        pasts = [
            state[:, low:high].reshape(state.shape[0], channels, context)
            for (low, high), (channels, context) in zip(pairwise(ends), self.sizes, strict=True)
        ]
        x, past = self.first(pasts[0], features.transpose(1, 2))
        after = [past.reshape(state.shape[0], -1)]
        for block, before in zip(self.blocks, pasts[1:], strict=True):
            x, past = block(before, x)
            after.append(past.reshape(state.shape[0], -1))
        logits = self.last(torch.relu(self.norm(x)))
        return logits.transpose(1, 2), torch.cat(after, dim=1)

    def start(self, batch: int) -> Tensor:
        """The state of streams that begin."""
        return torch.zeros(batch, self.state_size)
