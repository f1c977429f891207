"""The keys that were valid here. They are looked up again after a moment, so that a revoked one is noticed."""

from __future__ import annotations

from collections.abc import Callable

from jobs.service.keys import ApiKey


class ValidKeys:
    """Keys by the SHA-256 of what a caller presents.

    Args:
        seconds: for how long a look-up counts.
        clock: seconds that only go forward.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds, self.clock = seconds, clock
        self._looked_up: dict[bytes, tuple[ApiKey, float]] = {}

    def __contains__(self, sha256: bytes) -> bool:
        """Whether the key was valid when it was looked up last."""
        return sha256 in self._looked_up

    def recent(self, sha256: bytes) -> ApiKey | None:
        """The key, if it was looked up a moment ago."""
        key, at = self._looked_up.get(sha256, (None, 0.0))
        return key if self.clock() - at < self._seconds else None

    def keep(self, sha256: bytes, key: ApiKey | None, at: float) -> None:
        """What a look-up that began at a time has found; None: the key is not valid."""
        if key is None:
            self._looked_up.pop(sha256, None)
        else:
            self._looked_up[sha256] = key, at
