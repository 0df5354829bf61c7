"""Whether a service is worth asking: a failing one is left alone for a while, then tried by a single prompt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from ..core.errors import LlmError
from ..core.fallback import wait_s
from ..core.retry_after import retry_after_s


class Ask(Enum):
    """How to treat the next prompt."""

    NORMALLY = 1
    BRIEFLY = 2
    NOT_AT_ALL = 3


class Health:
    """probe_after_s: how long a failing service is left alone."""

    def __init__(self, probe_after_s: float) -> None:
        self._probe_after_s = probe_after_s
        self._next_s: float | None = None  # when to try again; None: it is not failing
        self.fault: ServiceError | None = None

    def advice(self, now_s: float) -> Ask:
        """For a prompt that comes now; only one at a time is sent to find out whether the service is back."""
        if self._next_s is None:
            return Ask.NORMALLY
        if now_s < self._next_s:
            return Ask.NOT_AT_ALL
        self._next_s = now_s + self._probe_after_s
        return Ask.BRIEFLY

    def works(self) -> None:
        """A word of an answer came, or its end."""
        self._next_s, self.fault = None, None

    def failed(self, fault: ServiceError, now_s: float) -> None:
        """An answer failed. A fault of this request alone does not mark the service as failing."""
        self.fault = fault
        if fault.lasting:
            self._next_s = now_s + wait_s(self._probe_after_s, fault.retry_after_s)

    def broke_off(self, fault: ServiceError) -> None:
        """An answer broke off after its first words."""
        self.fault = fault


_IDENTIFIER = re.compile(r"[\w.-]{1,64}")
_TOO_MANY = 429
_SERVER = 500


class ServiceError(LlmError):
    """retryable: the same prompt may work in a moment; lasting: the next prompt will fail as well;
    retry_after_s: the service asked to be left alone so long, seconds.
    """

    def __init__(
        self, code: str, text: str, *, retryable: bool = False, lasting: bool = True, retry_after_s: float = 0.0
    ) -> None:
        super().__init__(code, text, retryable=retryable)
        self.lasting = lasting
        self.retry_after_s = retry_after_s

    def again(self) -> ServiceError:
        """The same to be raised anew: an exception that is raised twice drags its first traceback along."""
        return ServiceError(
            self.code,
            self.text,
            retryable=self.retryable,
            lasting=self.lasting,
            retry_after_s=self.retry_after_s,
        )


class BrokenOffError(LlmError):
    """An answer ended in the middle of its words. Raised in place of the fault, of which the service's status tells."""


def status_fault(status: int, detail: str, headers: Mapping[str, str], key_variable: str) -> ServiceError:
    """The fault that an HTTP status stands for. detail: the error's code in the body, shown if it is an identifier."""
    named = f" ({detail})" if _IDENTIFIER.fullmatch(detail) else ""
    if status in (401, 403):
        key = f"check the key in {key_variable}" if key_variable else "it wants a key: set key_variable"
        return ServiceError("llm_unauthorized", f"the chat service refuses the key, HTTP {status}{named}; {key}")
    if status == _TOO_MANY:
        spent = detail == "insufficient_quota"
        wait_s = retry_after_s(headers)
        text = "the chat service's quota is used up" if spent else "the chat service has too many requests"
        return ServiceError("llm_rate_limited", f"{text}, HTTP 429{named}", retryable=not spent, retry_after_s=wait_s)
    if status == 404:
        return ServiceError("llm_not_found", f"HTTP 404{named}: there is no such address or model; check url and model")
    if status >= _SERVER or status in (408, 409):
        wait_s = retry_after_s(headers)
        text = f"the chat service fails, HTTP {status}{named}"
        return ServiceError("llm_server_error", text, retryable=True, retry_after_s=wait_s)
    return ServiceError("llm_refused", f"the chat service refuses the request, HTTP {status}{named}", lasting=False)
