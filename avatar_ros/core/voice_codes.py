"""Which of a synthesizer's voices speaks a locale."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

#: What a language means where no region says more and several voices speak it.
_PREFERRED = {"en": "en-us", "zh": "cmn", "pt": "pt-br", "fr": "fr-fr", "es": "es"}
#: Codes that are out of use or too fine, and the ones that voices know.
_ALIASES = dict(
    pair.split("=")
    for pair in (
        "iw=he in=id ji=yi jw=jv mo=ro no=nb nn=nb tl=fil sh=hr hbs=hr cnr=sr zh=cmn zho=cmn chi=cmn wuu=cmn arb=ar "
        "pes=fa prs=fa ekk=et lvs=lv zsm=ms swh=sw uzn=uz azj=az npi=ne ory=or kmr=ku quz=qu als=sq gug=gn gsw=de "
        "eng=en deu=de ger=de fra=fr fre=fr spa=es por=pt ita=it nld=nl dut=nl rus=ru jpn=ja kor=ko ara=ar hin=hi "
        "pol=pl tur=tr swe=sv dan=da nor=nb nob=nb nno=nb fin=fi ces=cs cze=cs ell=el gre=el heb=he hun=hu ukr=uk "
        "vie=vi tha=th ind=id ron=ro rum=ro bul=bg hrv=hr srp=sr slk=sk slv=sl cat=ca lit=lt lav=lv est=et fas=fa"
    ).split()
)
_AMERICAS = "ar bo br bz cl co cr cu do ec gt hn mx ni pa pe pr py sv us uy ve"
#: Regions that share a variety with others: language -> region -> the variety's code.
_VARIETIES = {
    "es": dict.fromkeys(_AMERICAS.split(), "es-419"),
    "en": dict.fromkeys("ag bb bs gd jm lc tt vc".split(), "en-029"),
    "pt": dict.fromkeys("pt ao cv gw mo mz st tl ch".split(), "pt"),
    "zh": dict.fromkeys(("hk", "mo"), "yue"),
    "ca": {"valencia": "ca-va"},
}
_TAG = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8})*")


def nearest(locale: str, wanted: Mapping[str, str], known: Sequence[str], default: str) -> tuple[str, bool]:
    """(voice, whether it speaks the language) for a BCP 47 `locale`; POSIX ones (en_US.UTF-8) will do.

    wanted: locale or language in lower case -> voice, from the settings; known: language codes that the backend has.
    """
    tag = re.split(r"[.@]", locale.strip())[0].replace("_", "-").lower()
    if not _TAG.fullmatch(tag):
        return default, False
    language = tag.split("-")[0]
    for name in (tag, *_shorter(tag), _ALIASES.get(language, "")):
        if name in wanted:
            return wanted[name], True
    by_code = {code.lower(): code for code in known}
    for name in _names(tag, language):
        # A region's only voices may be finer ones (en-gb-x-rp); where a language has one voice for all, that is it.
        finer = (code for code in sorted(by_code) if "-" in name and code.startswith(f"{name}-"))
        found = name if name in by_code else next(finer, "") if language in _PREFERRED else ""
        if found:
            return by_code[found], True
    same_language = sorted(code for code in by_code if code.split("-")[0] == _ALIASES.get(language, language))
    return (by_code[same_language[0]], True) if same_language else (default, False)


def _names(tag: str, language: str) -> Iterator[str]:
    """Codes that a voice for `tag` may have, the best first."""
    yield from (name for name in (tag, *_shorter(tag)) if "-" in name)
    parts = tag.split("-")[1:]
    if language == "zh":  # zh-yue, zh-hak: the language follows the family
        yield from parts[:1]
    varieties = _VARIETIES.get(language, {})
    yield from (varieties[part] for part in parts if part in varieties)
    for code in (language, _ALIASES.get(language, "")):
        yield from (name for name in (_PREFERRED.get(code, ""), code) if name)


def _shorter(tag: str) -> Iterator[str]:
    """The tag without its script, and without more and more of its end: zh-hant-hk, zh-hk, zh-hant, zh."""
    parts = tag.split("-")
    if len(parts) > 2 and len(parts[1]) == 4:
        yield "-".join((parts[0], *parts[2:]))
    while len(parts) > 1:
        parts.pop()
        yield "-".join(parts)
