"""How much somebody may send, and how often somebody may try: token buckets. Pure; told the time."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Addresses that are remembered at a time.
_MOST_ADDRESSES = 10_000


@dataclass
class TokenBucket:
    """`burst` at once, `rate` a second after that."""

    rate: float
    burst: float
    _left: float = field(init=False)
    _at_s: float = field(default=-1.0, init=False)

    def __post_init__(self) -> None:
        self._left = self.burst

    def take(self, amount: float, now_s: float) -> bool:
        """Whether there is so much left; it is taken then."""
        if self._at_s >= 0:
            self._left = min(self.burst, self._left + (now_s - self._at_s) * self.rate)
        self._at_s = now_s
        if amount > self._left:
            return False
        self._left -= amount
        return True

    def wait_s(self, amount: float) -> float:
        """Until so much is left, s."""
        return max(0.0, (amount - self._left) / self.rate)

    @property
    def is_full(self) -> bool:
        return self._left >= self.burst


@dataclass
class AddressLimit:
    """A bucket for each address; the one that was met longest ago gives way to a new one."""

    rate: float
    burst: float
    _buckets: dict[str, TokenBucket] = field(default_factory=dict)

    def wait_s(self, address: str, now_s: float) -> float:
        """How long an address has to wait before its next try, s; none is taken."""
        bucket = self._buckets.get(address)
        if bucket is None:
            return 0.0
        bucket.take(0.0, now_s)  # what has come back since
        return bucket.wait_s(1.0)

    def take(self, address: str, now_s: float) -> float:
        """Take one try of an address: 0.0, or how long it has to wait, s."""
        bucket = self._buckets.pop(address, None) or TokenBucket(self.rate, self.burst)
        self._buckets[address] = bucket
        if len(self._buckets) > _MOST_ADDRESSES:
            del self._buckets[next(iter(self._buckets))]
        return 0.0 if bucket.take(1.0, now_s) else bucket.wait_s(1.0)
