"""Which voice speaks a locale: the one that was asked for, else the same language and region, else the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: What a region-less or foreign-region locale means where several voices speak the language.
_PREFERRED = {"en": "en-us", "zh": "cmn", "pt": "pt-br", "fr": "fr", "es": "es"}
#: Languages that voices know by another code.
_ALIASES = {"zh": "cmn", "zh-cn": "cmn", "zh-tw": "cmn", "zh-hk": "yue", "no": "nb", "en-gb": "en-gb-x-rp", "in": "id"}


def nearest(locale: str, wanted: Mapping[str, str], known: Sequence[str], default: str) -> tuple[str, bool]:
    """(voice, whether it speaks the language) for a BCP 47 `locale`.

    wanted: locale or language in lower case -> voice, from the settings; known: language codes that the backend has.
    """
    tag = locale.replace("_", "-").lower()
    language = tag.split("-")[0]
    for name in (tag, language):
        if name in wanted:
            return wanted[name], True
    by_code = {code.lower(): code for code in known}
    for name in (tag, _ALIASES.get(tag, ""), _PREFERRED.get(language, ""), _ALIASES.get(language, ""), language):
        if name and name in by_code:
            return by_code[name], True
    same_language = sorted(code for code in known if code.lower().split("-")[0] == language)
    if language and same_language:
        return same_language[0], True
    return default, False
