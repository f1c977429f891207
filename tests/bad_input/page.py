"""All kinds of bad input as one page: `python -m tests.bad_input.page --write`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from docs.generate.page import write_or_check
from tests.bad_input.amounts import AMOUNTS
from tests.bad_input.csv_files import CSV_FILES
from tests.bad_input.files import FILES
from tests.bad_input.ids import IDS
from tests.bad_input.kinds import RefusedKind, RowKind
from tests.bad_input.places import PLACES
from tests.bad_input.times import TIMES
from tests.bad_input.together import MAPPINGS, MONTHS
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "bad_input.md"

_HEAD = """# Bad input

Generated from `tests/bad_input/` by `python -m tests.bad_input.page --write`; a test compares the two, and each of
these {count} kinds is delivered to the real ingest by a test.

A bad **row** is quarantined: it goes to `rejected/<table>/` as it was delivered, with its file and every reason, and
clean + rejected = read. A **delivery** that cannot be read, and a **mapping** that cannot be read by, are refused
before anything is written: the task ends with exit code 65, which Airflow does not retry, and the last line of its log
names the file, what is wrong with it and what to do. A **month** whose rows are good one by one and wrong together is
stopped by validation ([quality rules](quality_rules.md)). What looks odd but may be meant is kept as it was delivered.
"""


def page() -> str:
    """The page, in Markdown."""
    refusals = ("kind", "the message says")
    sections = [
        _rows("Amounts and counts", AMOUNTS),
        _rows("Times", TIMES),
        _rows("Ids, accounts and articles", IDS),
        _rows("CSV files that are read", CSV_FILES),
        _section("Files that are refused", refusals, _messages(FILES)),
        _section("Folders and names that are refused", refusals, _messages(PLACES)),
        _section("Mappings that are refused", refusals, [(kind.name, _code(kind.says)) for kind in MAPPINGS]),
        _section(
            "Months that are stopped",
            ("kind", "critical rules it breaks"),
            [(kind.name, ", ".join(map(_code, sorted(kind.stops)))) for kind in MONTHS],
        ),
    ]
    kinds = (*AMOUNTS, *TIMES, *IDS, *CSV_FILES, *FILES, *PLACES, *MAPPINGS, *MONTHS)
    return "\n".join([_HEAD.format(count=len(kinds)), *sections])


def _rows(title: str, kinds: Iterable[RowKind]) -> str:
    return _section(title, ("kind", "what becomes of it", "because"), [(k.name, _fate(k), k.note) for k in kinds])


def _fate(kind: RowKind) -> str:
    reasons = Counter(", ".join(map(_code, why)) for why in kind.rejected)
    fates = [f"quarantined: {why}" + (f" ({count} rows)" if count > 1 else "") for why, count in reasons.items()]
    if kind.clean:
        fates.append("kept" if len(kind.clean) == 1 else f"kept ({len(kind.clean)} rows)")
    return "; ".join(fates) or "no row is read"


def _messages(kinds: Iterable[RefusedKind]) -> list[tuple[str, str]]:
    return [(kind.name, _code(f"… {kind.says} …")) for kind in kinds]


def _code(text: str) -> str:
    return f"`{text}`"


def _section(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"## {title}", "", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    return "\n".join(
        [*lines, *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows), ""]
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Write the page, or check it; see `--help`."""
    write_or_check("tests.bad_input.page", PAGE, page, argv)


if __name__ == "__main__":
    main()
