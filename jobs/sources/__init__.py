"""One module per shop, which defines its column mapping as `SOURCE`. How to add one: `docs/your_own_data.md`."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from jobs.core.value_basis import NET_REVENUE
from jobs.sources.mapping import MappingError, Source

_NOT_A_SOURCE = "mapping"


def load(name: str, value_basis: str = NET_REVENUE) -> Source:
    """The mapping `SOURCE` of the module `jobs.sources.<name>` for a value basis.

    Raises:
        MappingError: there is no such module, or it defines no `SOURCE`, or declares nothing for this basis.
    """
    return _declared(name).on(value_basis)


def declares_margin(name: str) -> bool:
    """Whether a shop's mapping declares what it keeps of its revenue; raises MappingError as `load` does."""
    return _declared(name).declares_margin


def _declared(name: str) -> Source:
    known = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != _NOT_A_SOURCE)
    if name not in known:
        raise MappingError(
            f"there is no source {name!r}. Available: {', '.join(known)}. To add one, write jobs/sources/<name>.py"
        )
    source = getattr(import_module(f"{__name__}.{name}"), "SOURCE", None)
    if not isinstance(source, Source):
        raise MappingError(f"jobs/sources/{name}.py defines no SOURCE: add SOURCE = Source(...)")
    return source
