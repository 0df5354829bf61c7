"""Answers from any service that speaks OpenAI's chat completions: OpenAI, DashScope, Ollama and many more.

https://platform.openai.com/docs/api-reference/chat/streaming. Streams are read on one asyncio thread, whatever their
number; closing one closes its connection at once. The library asks; answer_body.py reads what comes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import Any

import httpx2
import openai

from ..core.api_keys import find_key
from ..core.asyncio_thread import AsyncioThread
from ..core.errors import ConfigError
from ..core.types import Prompt
from .answer_body import MALFORMED, TAIL_S, pass_on
from .base import Answer, LlmSettings, WholeAnswer
from .circuit_breaker import Circuit, CircuitBreaker
from .openai_settings import OpenAiSettings
from .request import checked_url, extra_body, request
from .route import route
from .service_answer import RetryPolicy, ServiceAnswer
from .service_errors import ServiceError, error_of_status, malformed, server_error
from .stream_buffer import Stream, StreamBuffer
from .tools.caller import ToolCaller
from .tools.tool_answer import ToolAnswer, ToolOffer
from .tools.toolbox import Toolbox

#: Connections are kept for the next turn, which saves it the handshakes.
_KEEP_CONNECTION_S = 120.0
#: After this time without a request the service may have closed the connection (nginx, load balancers: from 60 s on).
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
        self._locale = settings.locale
        self._toolbox = Toolbox(own, settings.locale, None)
        self._environment = environment
        self._now = now
        self._breaker = CircuitBreaker(own.probe_after_s)
        self._url = checked_url(own.url)
        self._extra = extra_body(own.extra_body)
        self._client: Any = None
        self._completions: Any = None
        self._unusable: ServiceError | None = None  # by a variable of the environment
        self._proxy = ""  # the variable that names one
        self._thread: AsyncioThread | None = None
        self._running: list[ServiceAnswer | ToolAnswer] = []
        self._used_s = float("-inf")  # when the service was last asked something
        self._warming: Future[None] | None = None

    def use_tools(self, caller: ToolCaller) -> None:
        """What its model calls is called so."""
        self._toolbox = Toolbox(self._own, self._locale, caller)

    def load(self) -> None:
        """Find the key and the tools, make the client; connecting goes on in the background. Raises ConfigError."""
        key = find_key(self._own.key_variable, self._own.env_file, self._environment)
        self._toolbox.load()
        self._unusable, self._proxy = None, ""
        options: dict[str, Any] = {"trust_env": False}
        try:
            options, self._proxy = route(self._url, self._environment)
        except ConfigError as error:  # no fault of ours: the fallback answers, and diagnostics name it
            self._unusable = ServiceError(f"llm_{error.code}", f"the chat service cannot be reached: {error.text}")
        self._client = self._new_client(key, options)
        self._thread = AsyncioThread("llm streams")
        # The library imports and builds things at their first use, which would cost the first visitor the time.
        self._completions = self._client.chat.completions.with_streaming_response
        if self._unusable is None:
            self._warming = self._thread.submit(self._warm_up())

    def _new_client(self, key: str, options: Mapping[str, Any]) -> openai.AsyncOpenAI:
        own = self._own
        longest_s = max(own.first_token_timeout_s, own.gap_timeout_s) + TAIL_S
        timeout = httpx2.Timeout(longest_s, connect=own.connect_timeout_s)
        limits = httpx2.Limits(max_keepalive_connections=own.parallel, keepalive_expiry=_KEEP_CONNECTION_S)
        hooks = {"response": [stay_encrypted]}
        http = httpx2.AsyncClient(limits=limits, timeout=timeout, follow_redirects=True, event_hooks=hooks, **options)
        # retried in ServiceAnswer, where it is known what was said already
        return openai.AsyncOpenAI(
            api_key=key or "none", base_url=self._url, timeout=timeout, max_retries=0, http_client=http
        )

    def ask(self, prompt: Prompt, now_s: float, wake: Callable[[], None]) -> Answer:
        """Send the request, unless the service is known to fail or `parallel` answers are under way."""
        if self._unusable is not None:
            return WholeAnswer(failure=self._unusable.again())
        circuit = self._breaker.state(now_s)
        if circuit is Circuit.OPEN and self._breaker.fault is not None:
            return WholeAnswer(failure=self._breaker.fault.again())
        self._running = [answer for answer in self._running if not answer.is_over]
        if len(self._running) >= self._own.parallel:
            busy = f"{len(self._running)} answers are under way, no more than parallel allows"
            return WholeAnswer(failure=ServiceError("llm_busy", busy, lasting=False))
        send = partial(self._send, prompt, wake, circuit)
        toolbox = self._toolbox
        answer = toolbox.answer(send, prompt, wake, now_s) if toolbox else send((), ToolOffer.NOTHING, now_s)
        self._running.append(answer)
        return answer

    def _send(
        self,
        prompt: Prompt,
        wake: Callable[[], None],
        circuit: Circuit,
        following: Sequence[dict[str, Any]],
        offer: ToolOffer,
        now_s: float,
    ) -> ServiceAnswer:
        """One request. following: messages after the question: what tools were called, and their results."""
        body = request(self._own, self._extra, prompt, self._now())
        body = {**body, "messages": [*body["messages"], *following], **self._toolbox.fields(offer)}
        self._used_s = now_s
        policy = self._retry_policy(Circuit.CLOSED if following else circuit)
        takes_calls = offer is ToolOffer.TOOLS
        return ServiceAnswer(lambda: self._connect(body, wake), policy, self._breaker, now_s, takes_calls=takes_calls)

    def expect(self, now_s: float) -> None:
        """Have a connection by the time the question is understood: the handshakes take longer than a local answer."""
        if self._thread is None or self._unusable or self._breaker.fault is not None or now_s - self._used_s < _STALE_S:
            return
        if self._warming is not None and not self._warming.done():
            return
        self._used_s = now_s
        self._warming = self._thread.submit(self._warm_up())

    def status(self) -> Mapping[str, str]:
        """Service and model; a warning from a failure on until a word comes again."""
        status = {"service": self._url, "model": self._own.model, **self._toolbox.status()}
        if fault := self._unusable or self._breaker.fault:
            status["warning"] = fault.text
        return status

    def forget(self, session: str) -> None:
        """Nothing is kept of a session."""

    def close(self) -> None:
        """Break off what is under way and close the connections."""
        if self._thread is not None:
            self._thread.close(self._client.close())
            self._thread = self._client = self._completions = None
        self._toolbox.close()

    def _retry_policy(self, circuit: Circuit) -> RetryPolicy:
        own = self._own
        if circuit is Circuit.HALF_OPEN:
            return RetryPolicy(own.probe_timeout_s, own.gap_timeout_s, own.probe_timeout_s, 0, 0.0)
        return RetryPolicy(
            own.first_token_timeout_s,
            own.gap_timeout_s,
            own.patience_s,
            own.retries,
            own.backoff_s,
        )

    def _connect(self, body: Mapping[str, Any], wake: Callable[[], None]) -> Stream:
        assert self._thread is not None, "load() comes first"
        buffer = StreamBuffer(wake)
        return _OpenAiStream(buffer, self._thread.submit(self._read(body, buffer)))

    async def _warm_up(self) -> None:
        """Have a connection ready for the next prompt. A failure means nothing yet: that prompt will find out."""
        try:
            await self._client.models.with_raw_response.list(timeout=self._own.connect_timeout_s)
        except (openai.OpenAIError, *MALFORMED):
            return

    async def _read(self, body: Mapping[str, Any], buffer: StreamBuffer) -> None:
        began = False
        try:
            async with self._completions.create(**body) as response:
                began = True
                await pass_on(response.iter_bytes(), buffer, self._own.key_variable)
        except ServiceError as fault:
            buffer.end(fault)
        except (openai.OpenAIError, *MALFORMED) as error:
            buffer.end(error_of(error, began, self._own.key_variable, self._proxy))


async def stay_encrypted(answer: httpx2.Response) -> None:
    """Raise where a server of https sends a conversation on to where everybody could read it."""
    if answer.has_redirect_location and answer.url.scheme == "https":
        target = answer.url.join(answer.headers["location"])
        if target.scheme != "https":
            raise httpx2.RemoteProtocolError("redirected from https to http")


class _OpenAiStream:
    def __init__(self, buffer: StreamBuffer, reading: Future[None]) -> None:
        self.buffer = buffer
        self._reading = reading

    def close(self) -> None:
        """Cancel the reading task, which closes its connection."""
        self._reading.cancel()


def error_of(error: Exception, began: bool, key_variable: str, proxy: str = "") -> ServiceError:
    """What an error of the library means. began: the service had accepted the request; proxy: the variable with it."""
    if isinstance(error, openai.APIStatusError):
        detail = str(error.code or error.type or "")
        return error_of_status(error.status_code, detail, error.response.headers, key_variable)
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return ServiceError("llm_timeout", "the chat service does not answer in time", retryable=True)
    if isinstance(error, openai.APIConnectionError | httpx2.TransportError):
        code, text = ("llm_cut", "cut an answer off") if began else ("llm_unreachable", "cannot be reached")
        check = f"check the proxy in {proxy}, url and network" if proxy else "check url and network"
        return ServiceError(code, f"the chat service {text} ({_cause(error)}); {check}", retryable=True)
    if isinstance(error, openai.APIError) and not isinstance(error, openai.APIResponseValidationError):
        return server_error()
    return malformed(_cause(error))


def _cause(error: Exception) -> str:
    return type(error.__cause__ or error).__name__
