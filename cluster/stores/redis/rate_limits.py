"""Rate limiting: budgets of requests a minute in Redis, shared by all replicas.

Uses the generic cell rate algorithm (GCRA, ITU-T I.371): a budget of n a minute refills steadily and holds at
most n. One Lua script reads, decides and writes, by Redis' own clock, so replicas cannot race and clocks
cannot differ. While Redis is away nothing is limited (`Cache` logs it). Knows neither API keys nor addresses.
"""

from __future__ import annotations

from dataclasses import dataclass

from cluster.stores.redis.cache import Cache

_PERIOD_MS = 60_000

# The state is one number: when the budget will be full again, in milliseconds.
_SPEND = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local period = tonumber(ARGV[2])
local each = period / tonumber(ARGV[1])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local after = full_at + each * tonumber(ARGV[3])
local wait = after - period - now
if wait > 0 then
    return {0, 0, math.ceil(wait)}
end
redis.call('SET', KEYS[1], string.format('%.3f', after), 'PX', math.ceil(after - now) + 1)
return {1, math.floor((period - (after - now)) / each), math.ceil(each)}
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Result of spending. `wait_ms`: until the budget has enough, or after a success, until it has one
    more.
    """

    allowed: bool
    left: int
    wait_ms: int


class RateLimits:
    """Rate limiter with named budgets, in the cache's Redis."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def spend(self, name: str, per_minute: int, cost: int = 1) -> Spent | None:
        """Takes `cost` ≤ `per_minute` from the budget `name`, or nothing if it has less.

        None while Redis is away: nothing is limited then.
        """
        answer = self._cache.run_script("limit", name, _SPEND, per_minute, _PERIOD_MS, cost)
        if answer is None:
            return None
        allowed, left, wait_ms = (int(value) for value in answer)
        return Spent(bool(allowed), left, wait_ms)
