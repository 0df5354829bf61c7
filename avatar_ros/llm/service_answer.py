"""One answer of a chat service: its deadlines, its retries, and when to give up. Pure logic, told the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .circuit_breaker import CircuitBreaker
from .service_errors import ServiceError
from .stream_buffer import Stream
from .tools.tool_calls import ToolCall


@dataclass(frozen=True)
class RetryPolicy:
    """Waits, seconds: for the first word of a try, between words, and for the first word with all retries.

    retries: further tries; backoff_s: pause before the first of them, doubled for each further one.
    """

    first_token_s: float
    gap_s: float
    total_s: float
    retries: int
    backoff_s: float


class ServiceAnswer:
    """Retries while nothing was passed on, since words that were said cannot be taken back.

    takes_calls: calls of tools are an answer, without a word; else such an answer is empty.
    """

    def __init__(
        self,
        connect: Callable[[], Stream],
        policy: RetryPolicy,
        breaker: CircuitBreaker,
        now_s: float,
        *,
        takes_calls: bool = False,
    ) -> None:
        self._connect = connect
        self._takes_calls = takes_calls
        self._policy = policy
        self._breaker = breaker
        self._give_up_s = now_s + policy.total_s
        self._tries = 0
        self._retry_s = now_s
        self._heard_s: float | None = None  # when the last piece came; None: none was passed on yet
        self._call_pieces, self._called_s = 0, now_s  # of calls of tools: how many came, and when the last one did
        self._closed = False
        self.done = False
        self._stream: Stream | None = None
        self._open(now_s)

    def take(self, now_s: float) -> Sequence[str]:
        """New pieces; without leading white space. Raises ServiceError when it is over without having been answered."""
        if self.done:
            return ()
        if self._closed:
            self.done = True
            return ()
        if self._stream is None:
            if now_s >= self._retry_s:
                self._open(now_s)
            return ()
        return self._read(self._stream, now_s)

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """Of tools, once it is done."""
        return () if self._stream is None else self._stream.buffer.calls

    @property
    def is_over(self) -> bool:
        """Nothing is awaited any more: it came to its end, or was given up, perhaps by another thread."""
        return self.done or self._closed

    def close(self) -> None:
        """Give up. A stream that came to its end is left to put its connection back for the next one."""
        self._closed = True
        stream = self._stream
        if stream is not None and not stream.buffer.ended:
            stream.close()

    def _open(self, now_s: float) -> None:
        self._tries += 1
        self._opened_s, self._call_pieces = now_s, 0
        self._stream = self._connect()
        if self._closed:  # by another thread, meanwhile
            self._stream.close()

    def _read(self, stream: Stream, now_s: float) -> Sequence[str]:
        ended = stream.buffer.ended
        text = "".join(stream.buffer.take())
        if self._heard_s is None:
            text = text.lstrip()
        if text:
            self._heard_s = now_s
            self._breaker.works()
            self.done = ended and stream.buffer.fault is None
            return (text,)
        if ended:
            return self._end(stream.buffer.fault, now_s)
        if stream.buffer.call_pieces != self._call_pieces:
            self._call_pieces, self._called_s = stream.buffer.call_pieces, now_s
        if now_s > self._deadline_s():
            stream.close()
            waited_s = now_s - (self._opened_s if self._heard_s is None else self._heard_s)
            return self._fail(_timeout(waited_s, self._heard_s is not None), now_s)
        return ()

    def _deadline_s(self) -> float:
        if self._heard_s is not None or self._call_pieces:
            return max(self._heard_s or 0.0, self._called_s if self._call_pieces else 0.0) + self._policy.gap_s
        return min(self._opened_s + self._policy.first_token_s, self._give_up_s)

    def _end(self, fault: ServiceError | None, now_s: float) -> Sequence[str]:
        if fault is None and self._takes_calls and self.calls:
            self._breaker.works()
        elif fault is None and self._heard_s is None:
            fault = ServiceError("llm_empty", "the chat service's answer was empty", retryable=True, lasting=False)
        if fault is not None:
            return self._fail(fault, now_s)
        self.done = True
        return ()

    def _fail(self, fault: ServiceError, now_s: float) -> Sequence[str]:
        """Plans another try, or raises."""
        pause_s = max(self._policy.backoff_s * 2 ** (self._tries - 1), fault.retry_after_s)
        again = fault.retryable and self._tries <= self._policy.retries and now_s + pause_s < self._give_up_s
        if self._heard_s is None and again:
            self._stream, self._retry_s = None, now_s + pause_s
            return ()
        self.done = True
        if self._heard_s is None:
            self._breaker.failed(fault, now_s)
        else:
            self._breaker.broke_off(fault)
        raise fault


def _timeout(waited_s: float, within: bool) -> ServiceError:
    what = "stopped in the middle of an answer" if within else "did not begin to answer"
    return ServiceError("llm_timeout", f"the chat service {what} for {waited_s:.1f} s", retryable=True)
