"""What goes wrong with a chat service, as errors that say what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..core.errors import LlmError
from ..core.retry_after import retry_after_s

_IDENTIFIER = re.compile(r"[\w.-]{1,64}")
_TOO_MANY = 429
_SERVER = 500


class ServiceError(LlmError):
    """retryable: the same prompt may work in a moment; lasting: the next prompt will fail as well;
    retry_after_s: how long the service asked to be left alone, seconds.
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
    """An answer ended in the middle of its words. Raised in place of its cause, of which the service's status tells."""


def error_of_status(status: int, detail: str, headers: Mapping[str, str], key_variable: str) -> ServiceError:
    """The error that an HTTP status stands for. detail: the error's code in the body, shown if it is an identifier."""
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


def server_error() -> ServiceError:
    """The service says, in the middle of an answer, that it failed."""
    return ServiceError("llm_server_error", "the chat service reports an error within an answer", retryable=True)


def malformed(what: str) -> ServiceError:
    """The service sent something that is no answer."""
    return ServiceError("llm_malformed", f"the chat service sent something malformed: {what}", retryable=True)
