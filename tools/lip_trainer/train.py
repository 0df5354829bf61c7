"""Training: the same data, seed and machine give the same weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from avatar_ros.speech.phones import PHONE_CLASSES, SIL

from .dataset import Example, crops
from .network import LipNet, Shape
from .speech import F32


@dataclass(frozen=True)
class Plan:
    """steps of `batch` stretches of `frames`; rate: peak learning rate, with a warm-up and a cosine to zero."""

    steps: int = 10000
    batch: int = 8
    frames: int = 200
    rate: float = 3e-3
    weight_decay: float = 0.02
    seed: int = 1
    threads: int = 1


_WARM_UP = 0.05
_SILENCE_WEIGHT = 0.4


def train(
    data: Sequence[Example], shape: Shape, plan: Plan, note: Callable[[str], None], net: LipNet | None = None
) -> LipNet:
    """A trained network in evaluation mode."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(plan.threads)
    torch.use_deterministic_algorithms(True)
    rng = np.random.default_rng(plan.seed)
    net = net or LipNet(shape)
    best = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=plan.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(best, plan.rate, total_steps=plan.steps, pct_start=_WARM_UP)
    net.train()
    began_s, mean = time.process_time(), 0.0
    for step in range(plan.steps):
        x, y = crops(data, plan.frames, plan.batch, rng)
        loss = _loss(net, torch.from_numpy(x), torch.from_numpy(y))
        best.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        best.step()
        schedule.step()
        mean = float(loss.detach()) if step == 0 else 0.98 * mean + 0.02 * float(loss.detach())
        if (step + 1) % 100 == 0:
            note(f"step {step + 1} of {plan.steps}, loss {mean:.3f}, {time.process_time() - began_s:.0f} s of CPU")
    return net.eval()


def _loss(net: LipNet, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Cross-entropy against phone shares, the target late by the network's delay; silence counts less."""
    delay = net.shape.delay_frames
    logits, _ = net(x, net.start(len(x)))
    log_p = torch.log_softmax(logits[:, delay:], dim=2)
    target = y[:, : y.shape[1] - delay]
    weight = 1.0 - (1.0 - _SILENCE_WEIGHT) * target[:, :, SIL]
    return -((target * log_p).sum(dim=2) * weight).sum() / weight.sum()


def probabilities(net: LipNet, features: F32) -> F32:
    """Phone probabilities [T, PHONE_COUNT] of a whole recording, the delay taken out (the end repeats)."""
    delay = net.shape.delay_frames
    padded = np.concatenate([features, features[-1:].repeat(delay, axis=0)])
    with torch.no_grad():
        logits, _ = net(torch.from_numpy(padded[None].astype(np.float32)), net.start(1))
    out: F32 = torch.softmax(logits, dim=2)[0, delay:].numpy()
    return out


def report(net: LipNet, data: Sequence[Example]) -> dict[str, float]:
    """Frame accuracy, and how well p, b, m frames are told from all others that sound (AUC, and F1 at 0.5)."""
    found = np.concatenate([probabilities(net, one.features.astype(np.float32)) for one in data])
    truth = np.concatenate([one.phones.astype(np.float32) for one in data])
    spoken = truth[:, SIL] < 0.5
    shut = [PHONE_CLASSES.index(name) for name in "PBM"]
    score, closed = found[spoken][:, shut].sum(axis=1), truth[spoken][:, shut].sum(axis=1) > 0.5
    hits = float((closed & (score > 0.5)).sum())
    return {
        "accuracy": float((found.argmax(axis=1) == truth.argmax(axis=1))[spoken].mean()),
        "closure_auc": auc(score[~closed], score[closed]),
        "closure_f1": 2 * hits / max(float(closed.sum() + (score > 0.5).sum()), 1.0),
    }


def auc(low: F32, high: F32) -> float:
    """P(a random member of `high` is larger than one of `low`), by ranks; 0.5 for ties."""
    both = np.concatenate([low, high])
    _, place, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    above = ranks[len(low) :].sum() - len(high) * (len(high) + 1) / 2
    return float(above / max(len(low) * len(high), 1))
