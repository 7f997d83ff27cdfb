"""The board's few settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from camkeeper.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSettings:
    """How the board serves. Nothing here changes a figure."""

    host: str = "127.0.0.1"
    """Where it listens. Without accounts the wiring refuses anything but loopback."""
    port: int = 8600
    allowed_hosts: frozenset[str] = frozenset()
    """Further names that a Host header may carry, without port: those of a reverse proxy."""
    proxies: frozenset[str] = frozenset({"127.0.0.1", "::1"})
    """Addresses of our own reverse proxies: what they say in `X-Forwarded-For` of where a request came from counts.

    Usually this machine. Whoever else is on it could write the header, too, and has nearer ways.
    """
    refresh_s: float = 10.0
    """How often the monitor ticks at the latest; data older than two of these is veiled."""
    heartbeat_s: float = 5.0
    """A silent stream says this often that it still lives, and how old the data are."""
    throttle_s: float = 0.25
    """The least time between two events to one browser; what comes meanwhile is merged."""
    send_timeout_s: float = 20.0
    """A browser that takes nothing for this long is let go; it will come back by itself."""
    max_streams: int = 64
    rows_a_page: int = 50
    rows_first: int = 12
    """On the first page, as long as nobody chose devices: the worst, and below them the way to all."""
    tiles_a_page: int = 36
    clock: Clock = field(default_factory=SystemClock)
    """Must speak the same line of time as the Standing's instants."""

    @property
    def stale_after_ms(self) -> int:
        """Age in milliseconds from which data are veiled."""
        return round(2 * self.refresh_s * 1000)
