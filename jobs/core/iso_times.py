"""ISO 8601 as times are delivered: what a text must look like."""

from __future__ import annotations

_ZONE = r"(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)"
ISO_TIME = rf"\d{{4}}-\d{{2}}-\d{{2}}(?:[ T]\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?)?{_ZONE}?)?"
ISO_OFFSET = rf":\d{{2}}(?:\.\d{{1,9}})?{_ZONE}"
"""The end of a time with an offset. Python and Java (Spark) read both patterns alike."""
