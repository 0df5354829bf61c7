"""festival's voices (Debian: festival, festvox-*): diphones, units and models cut from people, with phone times."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from avatar_ros.speech.phone_mapping import ARPABET, SILENCE, Schedule

from .flite import cmu_schedules, read_wav
from .speech import Spoken, spoken

#: SAMPA-like names of the voices that are not American; what is not here is looked up in lower case.
_SAMPA: dict[str, str] = {
    "a": "AA", "e": "EH", "E": "EH", "i": "IY", "o": "AO", "O": "AO", "u": "UW", "y": "UW", "ax": "AX", "ae": "AA",
    "aa": "AA", "ee": "EH", "ii": "IY", "oo": "AO", "uu": "UW", "yy": "IH", "ay": "AX", "ur": "AX", "@": "AX",
    "p": "P", "pp": "P", "b": "B", "bb": "B", "m": "M", "mm": "M", "f": "F", "ff": "F", "v": "V", "vv": "V",
    "t": "T", "tt": "T", "d": "D", "dd": "D", "n": "N", "nn": "N", "J": "N", "N": "NG", "ng": "NG", "nf": "N",
    "k": "K", "kk": "K", "g": "G", "gg": "G", "l": "L", "ll": "L", "L": "L", "r": "R", "rr": "R", "s": "S", "ss": "S",
    "z": "Z", "zz": "Z", "ts": "S", "dz": "Z", "c": "S", "S": "SH", "s~": "SH", "sh": "SH", "sch": "SH", "Z": "ZH",
    "z~": "ZH", "zh": "ZH", "tS": "CH", "ch": "CH", "c~": "CH", "dZ": "JH", "h": "HH", "hh": "HH", "x": "HH", "j": "Y",
    "w": "W", "gh": "G", "t~": "T", "d~": "D", "n~": "N", "r~": "R", "B": "V", "D": "DH", "G": "G",
}  # fmt: skip
_PAUSES = ("#", "##", "pau", "_", "ssil")
_SAY = """
(set! n 0)
(define (say text)
  (set! u (SynthText text))
  (set! n (+ n 1))
  (utt.save.wave u (format nil "{folder}/%d.wav" n) 'riff)
  (format t "@%d" n)
  (mapcar (lambda (s) (format t " %s:%f" (item.name s) (item.feat s "segment_end"))) (utt.relation.items u 'Segment))
  (format t "\\n"))
"""


@dataclass(frozen=True)
class FestivalVoice:
    """voice: its name in festival; package: where it comes from."""

    name: str
    voice: str
    package: str
    words: str = "any"
    encoding: str = "utf-8"

    def missing(self) -> str:
        """What to install."""
        listed = ""
        if shutil.which("festival"):
            command = ["festival", "-b", "(print (voice.list))"]
            listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return "" if self.voice in listed else f"apt-get install festival {self.package}"

    def speak(self, texts: Sequence[str], seed: int) -> list[Spoken]:
        """See speech.Voice; one festival process for all."""
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "say.scm"
            lines = [f"(voice_{self.voice})", _SAY.replace("{folder}", folder), *[f'(say "{text}")' for text in texts]]
            script.write_bytes("\n".join(lines).encode(self.encoding))
            done = subprocess.run(["festival", "-b", str(script)], capture_output=True, check=False)
            return self._collect(done.stdout.decode(self.encoding, "replace"), Path(folder))

    def _collect(self, printed: str, folder: Path) -> list[Spoken]:
        out = []
        for line in printed.splitlines():
            number, *segments = line.strip().split()
            path = folder / f"{number[1:]}.wav"
            if not number.startswith("@") or not path.is_file():
                continue
            found = [segment.rpartition(":") for segment in segments]
            plans = self._plans([name for name, _, _ in found])
            if plans:
                sound, rate_hz = read_wav(path)
                out.append(spoken(sound, rate_hz, plans, [float(end) for _, _, end in found]))
        return out

    def _plans(self, names: Sequence[str]) -> Sequence[Schedule]:
        if self.words in ("any", "common"):
            return cmu_schedules(names)
        plans = [sampa_schedule(name, _SAMPA) for name in names]
        return [] if None in plans else [plan for plan in plans if plan is not None]


def sampa_schedule(name: str, table: Mapping[str, str]) -> Schedule | None:
    """Schedule of a SAMPA-like name; None: unknown. Stress digits and marks of length do not matter."""
    if name in _PAUSES:
        return SILENCE
    bare = name.rstrip("0123456789:")
    found = table.get(bare) or table.get(bare.lower())
    return ARPABET[found] if found else None
