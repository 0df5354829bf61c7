"""How a text is pronounced, asked of espeak-ng in a process of its own (see spelling_process)."""

from __future__ import annotations

import importlib.util
import json
import threading
from typing import NamedTuple

from ..core.errors import TtsError, UnknownBackendError
from ..core.helper_process import Helper, HelperDeadError
from ..core.registry import how_to_install

#: A sentence takes milliseconds; a helper that stands still, or works on it, for this long hangs.
_REPLY_TIMEOUT_S = 5.0
_MODULE = "avatar_ros.tts.spelling_process"


class Clause(NamedTuple):
    """ipa: words apart by spaces; text: what was read for it, with the mark that ends it and a letter or two more."""

    ipa: str
    text: str


class Spelled(NamedTuple):
    """clauses: of the text, in order; words: IPA of each word that was asked for, standing alone."""

    clauses: tuple[Clause, ...]
    words: tuple[str, ...]


class Speller:
    """Asks the helper; starts it when it is first asked, and again after a crash. For several threads."""

    def __init__(self) -> None:
        self._helper: Helper | None = None
        self._lock = threading.Lock()
        self.restarts = 0

    def spell(self, voice: str, text: str, words: tuple[str, ...] = ()) -> Spelled:
        """`text` as espeak-ng's `voice` pronounces it, and each of `words` alone.

        Raises TtsError ("tts_spelling" where espeak-ng has no such voice) and, where espeak-ng is not installed,
        UnknownBackendError.
        """
        request = json.dumps({"voice": voice, "text": text, "words": words}).encode()
        with self._lock:
            try:
                kind, payload = self._ask(request)
            except HelperDeadError:
                self._replace()
                kind, payload = self._ask_again(request, len(text))
        if kind == b"X":
            raise TtsError("tts_spelling", payload.decode())
        reply = json.loads(payload)
        return Spelled(tuple(_clauses(text, reply["clauses"])), tuple(reply["words"]))

    def close(self) -> None:
        """End the helper."""
        helper, self._helper = self._helper, None
        if helper is not None:
            helper.close()

    def _ask_again(self, request: bytes, length: int) -> tuple[bytes, bytes]:
        try:
            return self._ask(request)
        except HelperDeadError as error:
            self._replace()
            raise TtsError("tts_crashed", f"espeak-ng crashed twice on a text of {length} characters") from error

    def _ask(self, request: bytes) -> tuple[bytes, bytes]:
        if self._helper is None:
            if importlib.util.find_spec("espeakng_loader") is None:
                remedy = f"it spells for the voice; install it with: {how_to_install('embedded')}"
                raise UnknownBackendError("backend_not_installed", f"espeak-ng is not installed; {remedy}")
            self._helper = Helper(_MODULE)
        self._helper.send(b"T", request)
        return self._helper.receive(_REPLY_TIMEOUT_S)

    def _replace(self) -> None:
        self.close()
        self.restarts += 1


def _clauses(text: str, rows: list[tuple[str, int]]) -> list[Clause]:
    whole, begin, out = text.encode("utf-8", "replace"), 0, []
    for ipa, end in rows:
        out.append(Clause(ipa, whole[begin:end].decode("utf-8", "ignore")))
        begin = end
    return out
