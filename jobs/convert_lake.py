"""Convert a lake that an earlier release wrote into Delta tables, in place. It can be stopped and run again.

    python -m jobs.convert_lake

No row is read or written: the files stay as they are. Stop the pipeline meanwhile.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from jobs.core.arguments import parser
from jobs.core.month import Month
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program
from jobs.core.value_basis import VALUE_BASES
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.lake.old_layout import convert
from jobs.landing.cache import Kept
from jobs.landing.kept_lists import KeptLists
from jobs.planning.lake_tables import tables_of_run
from jobs.sources import load

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Convert the lakes of all value bases, and the lists that the shop overwrites."""
    parser(__doc__).parse_args(argv)
    log_to_stderr()
    settings = Settings()
    departments = load(settings.source).departments
    for basis in VALUE_BASES:
        lake = Lake(settings.on(basis).lake)
        for table, periods in convert(lake, tables_of_run(features(departments))).items():
            log.info("%s: %d periods of %s", lake.root, periods, table)
    for name in ("customers", "products"):
        log.info("%d kept lists of %s", _convert_lists(KeptLists(name, Kept.of(settings))), name)


def _convert_lists(lists: KeptLists) -> int:
    """Keep the lists of a table's folders in its Delta table; how many there were."""
    folders = sorted(Path(lists.kept.lake.root, lists.table.name).glob("month=*/_SUCCESS"))
    for success in folders:
        files = [path for path in success.parent.iterdir() if path != success]
        lists.keep(Month.parse(success.parent.name.removeprefix("month=")), files)
        shutil.rmtree(success.parent)
    return len(folders)


if __name__ == "__main__":
    run_as_program(main)
