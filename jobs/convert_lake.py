"""Convert a lake that an earlier release wrote into Delta tables, in place. It can be stopped and run again.

    python -m jobs.convert_lake

No row is read or written: the files stay as they are. No run may be under way meanwhile. The JSON records of earlier
validations are removed: `clv.validation` has what they say.
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
from jobs.lake.old_layout import SUCCESS, OldLayoutError, complete_folders, convert
from jobs.landing.cache import Kept
from jobs.landing.files import files_fingerprint
from jobs.landing.kept_lists import KeptLists
from jobs.planning.lake_tables import tables_of_run
from jobs.sources import load

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Convert the lists that the shop overwrites, then the lakes of all value bases.

    Raises:
        ContractError: a folder holds another number of rows than its record says.
        OldLayoutError: the lake holds other rows of a period already.
    """
    parser(__doc__).parse_args(argv)
    log_to_stderr()
    settings = Settings()
    for name in ("customers", "products"):
        log.info("%d kept lists of %s", _convert_lists(KeptLists(name, Kept.of(settings))), name)
    departments = load(settings.source).departments
    for basis in VALUE_BASES:
        lake = Lake(settings.on(basis).lake)
        for table, periods in convert(lake, tables_of_run(features(departments))).items():
            log.info("%s: %d periods of %s", lake.root, periods, table)
        for folder in Path(lake.root).glob("validation/*/as_of=*"):  # clv.validation has what they say
            shutil.rmtree(folder)


def _convert_lists(lists: KeptLists) -> int:
    """Keep the lists of a table's folders in its Delta table; how many there were."""
    folders = complete_folders(lists.kept.lake, lists.table)
    for folder in folders:
        month = Month.parse(folder.name.removeprefix("month="))
        files = [path for path in folder.iterdir() if path.name != SUCCESS]
        lists.keep(month, files)
        if lists.kept.lake.record(lists.table, month).fingerprint != files_fingerprint(files):
            raise OldLayoutError(f"{folder}: the lake keeps another list of it already. Remove the folder by hand")
        shutil.rmtree(folder)
    return len(folders)


if __name__ == "__main__":
    run_as_program(main)
