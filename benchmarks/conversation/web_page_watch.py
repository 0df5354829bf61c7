"""What is written down inside the page, and what follows from it: utterances, first sounds, silences, lips."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from avatar_ros.core.levels import AUDIBLE_DBFS, FULL_SCALE, gain_from_db

#: A sample above this is heard, of both, as `bench turn` has it; a pause so long ends an utterance.
LOUD, PAUSE_S = FULL_SCALE * gain_from_db(AUDIBLE_DBFS), 0.6
#: An answer later than this is none, s; a step between two pictures above this is no step of one turn.
ANSWER_S, LONGEST_STEP_S = 10.0, 0.5
_QUIET = ("paused", "ended")

#: Run in a page that talks: keeps times of the page's clock in s.
WATCH = f"""
const talk = window.avatarApp.conversation, {{ player, microphone, view }} = talk;
const kept = {{ lips: [], loud: [], plays: [], audible: [] }};
const isLoud = (x) => Math.abs(x) > {LOUD:.1f};
view.addEventListener('shown', ({{ detail }}) => {{
  const heard = player.clock.heard(detail.seenS), {{ pose }} = detail;
  if (!heard || heard.state !== 'playing' || pose.sample < 0 || pose.turn !== heard.turn) return;
  kept.lips.push([detail.seenS, 1000 * (pose.sample - heard.sample) / heard.rateHz]);
}});
const onpiece = microphone.onpiece, onevent = player.onevent, play = player.play.bind(player);
microphone.onpiece = (pcm, first, atS) => {{
  const begin = pcm.findIndex(isLoud);
  if (begin >= 0) kept.loud.push([atS + begin / 16000, atS + pcm.findLastIndex(isLoud) / 16000]);
  onpiece(pcm, first, atS);
}};
let found = 0;
player.play = (voice) => {{
  const begin = voice.turn > found ? voice.pcm.findIndex(isLoud) : -1;
  if (begin >= 0) {{
    found = voice.turn;
    kept.audible.push([voice.turn, (voice.first + begin) / voice.rateHz]);
  }}
  play(voice);
}};
let before = '';
player.onevent = (event, atS) => {{
  const what = `${{event.turn}} ${{event.state}}`;
  if (what !== before) kept.plays.push([atS, event.turn, event.sample, event.state]);
  before = what;
  onevent(event, atS);
}};
window.avatarBench = {{ hears: () => kept.loud.length > 0, drain: () => {{
  const found = {{}};
  for (const name of Object.keys(kept)) found[name] = kept[name].splice(0);
  return found;
}} }};
"""

HEARS = "return window.avatarBench.hears()"
DRAIN = "return window.avatarBench.drain()"


class Watched:
    """lips: (s, error in ms) of each picture of a speaking face, positive where it is ahead of the sound."""

    def __init__(self) -> None:
        self.lips: list[tuple[float, float]] = []
        self._loud: list[tuple[float, float]] = []
        self._audible: dict[int, float] = {}
        self._plays: list[tuple[float, int, float, str]] = []

    def take(self, kept: dict[str, list[Any]]) -> None:
        """What the page kept since the last time."""
        self.lips += [(at_s, error) for at_s, error in kept["lips"]]
        self._loud += [(begin, end) for begin, end in kept["loud"]]
        self._audible |= dict(kept["audible"])
        self._plays += [(at_s, turn, sample, state) for at_s, turn, sample, state in kept["plays"]]

    def utterances(self) -> list[tuple[float, float]]:
        """(begin, end) of each one whose answer could have come."""
        loud = sorted(self._loud)
        if not loud:
            return []
        gaps = [i + 1 for i, ((_, end), (begin, _)) in enumerate(pairwise(loud)) if begin - end > PAUSE_S]
        found = [(loud[a][0], loud[b - 1][1]) for a, b in pairwise([0, *gaps, len(loud)])]
        until_s = max([at_s for at_s, *_ in self._plays], default=0.0)
        return [(begin, end) for begin, end in found if end < until_s]

    def first_sounds_ms(self) -> tuple[int, list[float]]:
        """How many were answered, and from the end of each of these to the first sound of the turn after it that can
        be heard.
        """
        begun = [(at_s, turn) for at_s, turn, sample, state in self._plays if state == "playing" and sample == 0]
        starts = [at_s + self._audible.get(turn, 0.0) for at_s, turn in begun]
        found = []
        for _, end in self.utterances():
            after = [at_s for at_s in starts if end < at_s < end + ANSWER_S]
            found += [(after[0] - end) * 1e3] if after else []
        return len(found), found

    def silences_ms(self) -> list[float]:
        """From the beginning of each voice over the avatar's to its silence."""
        found = []
        for begin, end in self.utterances():
            past = [state for at_s, _, _, state in self._plays if at_s <= begin]
            quiet = [at_s for at_s, _, _, state in self._plays if begin < at_s and state in _QUIET]
            if past and past[-1] == "playing" and quiet and quiet[0] < end + ANSWER_S:
                found.append((quiet[0] - begin) * 1e3)
        return found

    def fps(self) -> float | None:
        """Pictures a second while it speaks."""
        steps = [b - a for (a, _), (b, _) in pairwise(self.lips) if b - a < LONGEST_STEP_S]
        return round(len(steps) / sum(steps), 1) if steps else None


def quantiles(values: Sequence[float]) -> dict[str, float | int | None]:
    """n, median, p95, largest."""
    if not values:
        return {"n": 0, "median": None, "p95": None, "most": None}
    kinds = (("median", 50), ("p95", 95), ("most", 100))
    return {"n": len(values), **{name: round(float(np.percentile(values, at)), 1) for name, at in kinds}}
