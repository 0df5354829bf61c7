"""Answers from any service that speaks OpenAI's chat completions: OpenAI, DashScope, Ollama and many more.

https://platform.openai.com/docs/api-reference/chat/streaming. Streams are read on one asyncio thread, whatever their
number; closing one closes its connection at once. The library asks; answer_body.py reads what comes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from typing import Any

import httpx2
import openai

from ..core.api_keys import find_key
from ..core.asyncio_thread import AsyncioThread
from ..core.errors import ConfigError
from ..core.types import Prompt
from .answer_body import MALFORMED, TAIL_S, pass_on
from .base import Answer, LlmSettings, WholeAnswer
from .health import Ask, Health, ServiceError, status_fault
from .openai_settings import OpenAiSettings
from .request import checked_url, extra_body, request
from .route import route
from .service_answer import Patience, ServiceAnswer
from .stream_buffer import Stream, StreamBuffer

#: Connections are kept for the next turn, which saves it the handshakes.
_KEEP_CONNECTION_S = 120.0
#: After so long without a request the service may have closed the connection (nginx and load balancers: from 60 s on).
_STALE_S = 50.0


class OpenAiChat:
    """See the module's text. now: the wall clock of the place where the kiosk stands."""

    remote = True

    def __init__(
        self,
        settings: LlmSettings,
        own: OpenAiSettings,
        environment: Mapping[str, str] = os.environ,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._own = own
        self._environment = environment
        self._now = now
        self._health = Health(own.probe_after_s)
        self._url = checked_url(own.url)
        self._extra = extra_body(own.extra_body)
        self._client: Any = None
        self._completions: Any = None
        self._unusable: ServiceError | None = None  # by a variable of the environment
        self._proxy = ""  # the variable that names one
        self._thread: AsyncioThread | None = None
        self._running: list[ServiceAnswer] = []
        self._used_s = float("-inf")  # when the service was last asked something
        self._greeting: Future[None] | None = None

    def load(self) -> None:
        """Find the key and make the client; connecting goes on in the background. Raises ConfigError."""
        own = self._own
        key = find_key(own.key_variable, own.env_file, self._environment)
        self._unusable, self._proxy = None, ""
        way: dict[str, Any] = {"trust_env": False}
        try:
            way, self._proxy = route(self._url, self._environment)
        except ConfigError as error:  # no fault of ours: the fallback answers, and diagnostics name it
            self._unusable = ServiceError(f"llm_{error.code}", f"the chat service cannot be reached: {error.text}")
        longest_s = max(own.first_token_timeout_s, own.gap_timeout_s) + TAIL_S
        timeout = httpx2.Timeout(longest_s, connect=own.connect_timeout_s)
        limits = httpx2.Limits(max_keepalive_connections=own.parallel, keepalive_expiry=_KEEP_CONNECTION_S)
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=self._url,
            timeout=timeout,
            max_retries=0,  # retried here, where it is known what was said already
            http_client=httpx2.AsyncClient(
                limits=limits,
                timeout=timeout,
                follow_redirects=True,
                event_hooks={"response": [stay_encrypted]},
                **way,
            ),
        )
        self._thread = AsyncioThread("llm streams")
        # The library imports and builds things at their first use, which would cost the first visitor the time.
        self._completions = self._client.chat.completions.with_streaming_response
        if self._unusable is None:
            self._greeting = self._thread.submit(self._shake_hands())

    def ask(self, prompt: Prompt, now_s: float, wake: Callable[[], None]) -> Answer:
        """Send the request, unless the service is known to fail or has enough to do."""
        if self._unusable is not None:
            return WholeAnswer(failure=self._unusable.again())
        advice = self._health.advice(now_s)
        if advice is Ask.NOT_AT_ALL and self._health.fault is not None:
            return WholeAnswer(failure=self._health.fault.again())
        self._running = [answer for answer in self._running if not answer.is_over]
        if len(self._running) >= self._own.parallel:
            busy = f"{len(self._running)} answers are under way, no more than parallel allows"
            return WholeAnswer(failure=ServiceError("llm_busy", busy, lasting=False))
        body = request(self._own, self._extra, prompt, self._now())
        self._used_s = now_s
        answer = ServiceAnswer(lambda: self._connect(body, wake), self._patience(advice), self._health, now_s)
        self._running.append(answer)
        return answer

    def expect(self, now_s: float) -> None:
        """Have a connection by the time the question is understood: the handshakes take longer than a local answer."""
        if self._thread is None or self._unusable or self._health.fault is not None or now_s - self._used_s < _STALE_S:
            return
        if self._greeting is not None and not self._greeting.done():
            return
        self._used_s = now_s
        self._greeting = self._thread.submit(self._shake_hands())

    def status(self) -> Mapping[str, str]:
        """Service and model; a warning from a failure on until a word comes again."""
        status = {"service": self._url, "model": self._own.model}
        if fault := self._unusable or self._health.fault:
            status["warning"] = fault.text
        return status

    def forget(self, session: str) -> None:
        """Nothing is kept of a session."""

    def close(self) -> None:
        """Break off what is under way and close the connections."""
        if self._thread is not None:
            self._thread.close(self._client.close())
            self._thread = self._client = self._completions = None

    def _patience(self, advice: Ask) -> Patience:
        own = self._own
        if advice is Ask.BRIEFLY:
            return Patience(own.probe_timeout_s, own.gap_timeout_s, own.probe_timeout_s, 0, 0.0)
        return Patience(
            own.first_token_timeout_s,
            own.gap_timeout_s,
            own.patience_s,
            own.retries,
            own.backoff_s,
        )

    def _connect(self, body: Mapping[str, Any], wake: Callable[[], None]) -> Stream:
        assert self._thread is not None, "load() comes first"
        inbox = StreamBuffer(wake)
        return _OpenAiStream(inbox, self._thread.submit(self._read(body, inbox)))

    async def _shake_hands(self) -> None:
        """Have a connection ready for the next prompt. A failure means nothing yet: that prompt will find out."""
        try:
            await self._client.models.with_raw_response.list(timeout=self._own.connect_timeout_s)
        except (openai.OpenAIError, *MALFORMED):
            return

    async def _read(self, body: Mapping[str, Any], inbox: StreamBuffer) -> None:
        began = False
        try:
            async with self._completions.create(**body) as response:
                began = True
                await pass_on(response.iter_bytes(), inbox, self._own.key_variable)
        except ServiceError as fault:
            inbox.end(fault)
        except (openai.OpenAIError, *MALFORMED) as error:
            inbox.end(fault_of(error, began, self._own.key_variable, self._proxy))


async def stay_encrypted(answer: httpx2.Response) -> None:
    """Raise where a server of https sends a conversation on to where everybody could read it."""
    if answer.has_redirect_location and answer.url.scheme == "https":
        target = answer.url.join(answer.headers["location"])
        if target.scheme != "https":
            raise httpx2.RemoteProtocolError("redirected from https to http")


class _OpenAiStream:
    def __init__(self, inbox: StreamBuffer, reading: Future[None]) -> None:
        self.inbox = inbox
        self._reading = reading

    def close(self) -> None:
        """Cancel the reading task, which closes its connection."""
        self._reading.cancel()


def fault_of(error: Exception, began: bool, key_variable: str, proxy: str = "") -> ServiceError:
    """What an error of the library means. began: the service had accepted the request; proxy: the variable with it."""
    if isinstance(error, openai.APIStatusError):
        detail = str(error.code or error.type or "")
        return status_fault(error.status_code, detail, error.response.headers, key_variable)
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return ServiceError("llm_timeout", "the chat service does not answer in time", retryable=True)
    if isinstance(error, openai.APIConnectionError | httpx2.TransportError):
        code, text = ("llm_cut", "cut an answer off") if began else ("llm_unreachable", "cannot be reached")
        check = f"check the proxy in {proxy}, url and network" if proxy else "check url and network"
        return ServiceError(code, f"the chat service {text} ({_cause(error)}); {check}", retryable=True)
    if isinstance(error, openai.APIError) and not isinstance(error, openai.APIResponseValidationError):
        return ServiceError("llm_server_error", "the chat service reports an error within an answer", retryable=True)
    return ServiceError("llm_malformed", f"the chat service sent something malformed ({_cause(error)})", retryable=True)


def _cause(error: Exception) -> str:
    return type(error.__cause__ or error).__name__
