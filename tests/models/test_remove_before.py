"""Versions that nothing needs any more are deleted."""

from __future__ import annotations

from datetime import date

import pytest

from jobs.models.artifacts import GoneError
from jobs.models.registry import Registry
from tests.models.versions import AS_OF, EARLIER, Train

LONG_AGO, MUCH_LATER = date(2000, 1, 1), date(2200, 1, 1)


def test_old_versions_go_but_the_champion_and_those_that_are_kept(registry: Registry, trained: Train) -> None:
    unused, champion, kept = trained(EARLIER), trained(AS_OF), trained(AS_OF)
    registry.alias("champion", champion)
    assert registry.remove_before(LONG_AGO, keep={kept, None}) == []
    assert unused in registry.remove_before(MUCH_LATER, keep={kept, None})
    assert [registry.version(number).number for number in (champion, kept)] == [champion, kept]
    with pytest.raises(GoneError):
        registry.version(unused)
