"""A leak canary for features: whether a snapshot moves when the days on and after it are changed.

The snapshot before the newest one is built for a few customers who were busy since, twice: from the days before it, and
from those and the newest month's, seven times as large. Both must be the same.
"""

from __future__ import annotations

BUSY = 100
"""Customers who are looked at."""

_TIMES = 7


class LeakError(RuntimeError):
    """A snapshot depends on what came after it."""
