"""Every tested kind of bad input as one page: `python -m docs.generate.bad_input --write` (or `--check`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from docs.generate.page import DOCS, rendered, write_or_check
from tests.bad_input.amounts import AMOUNTS
from tests.bad_input.csv_files import CSV_FILES
from tests.bad_input.files import FILES
from tests.bad_input.ids import IDS
from tests.bad_input.kinds import RefusedKind, RowKind
from tests.bad_input.places import PLACES
from tests.bad_input.times import TIMES
from tests.bad_input.together import MAPPINGS, MONTHS

PAGE = DOCS / "bad_input.md"

REFUSAL = ("kind", "the message says")
Section = tuple[str, Sequence[str], Sequence[Sequence[str]]]


def page() -> str:
    """The page, in Markdown."""
    sections = [
        _rows("Amounts and counts", AMOUNTS),
        _rows("Times", TIMES),
        _rows("Ids, accounts and articles", IDS),
        _rows("CSV files that are read", CSV_FILES),
        _refusals("Files that are refused", FILES),
        _refusals("Folders and names that are refused", PLACES),
        ("Mappings that are refused", REFUSAL, [(kind.name, _code(kind.says)) for kind in MAPPINGS]),
        (
            "Months that are stopped",
            ("kind", "critical rules it breaks"),
            [(kind.name, ", ".join(map(_code, sorted(kind.stops)))) for kind in MONTHS],
        ),
    ]
    return rendered("bad_input", count=sum(len(rows) for _, _, rows in sections), sections=sections)


def _rows(title: str, kinds: Iterable[RowKind]) -> Section:
    return title, ("kind", "what happens to it", "reason"), [(kind.name, _fate(kind), kind.note) for kind in kinds]


def _refusals(title: str, kinds: Iterable[RefusedKind]) -> Section:
    return title, REFUSAL, [(kind.name, _code(f"… {kind.says} …")) for kind in kinds]


def _fate(kind: RowKind) -> str:
    reasons = Counter(", ".join(map(_code, why)) for why in kind.rejected)
    fates = [f"quarantined: {why}" + (f" ({count} rows)" if count > 1 else "") for why, count in reasons.items()]
    if kind.clean:
        fates.append("kept" if len(kind.clean) == 1 else f"kept ({len(kind.clean)} rows)")
    return "; ".join(fates) or "no row is read"


def _code(text: str) -> str:
    return f"`{text}`"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the page, or exit with 1 if the committed one is out of date."""
    write_or_check("docs.generate.bad_input", PAGE, page, argv)


if __name__ == "__main__":
    main()
