"""Report on a run: print what its tasks cost and what was published, and write a page of the month to forward.

python -m jobs.report --run-id 17
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from jobs.core.arguments import parser
from jobs.core.masking import masked
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.publishing.month_page.page import write_page
from jobs.publishing.report import report
from jobs.quality.findings import DATA_DOCS


def main(argv: Sequence[str] | None = None) -> None:
    """Print the report of a run and write its page."""
    options = parser(__doc__)
    options.add_argument("--run-id", type=int, required=True, help="the run's number, from its plan")
    arguments = options.parse_args(argv)
    settings = Settings()
    database = engine(settings.database_url)
    with recorded("publish.report", run_id=arguments.run_id, engine=database, is_fenced=False):
        places = {
            "Models and plots": masked(settings.tracking_uri),
            "Data Docs": str(settings.reports.resolve() / DATA_DOCS / "index.html"),
        }
        page = write_page(database, arguments.run_id, settings.reports.resolve(), places)
        sys.stdout.write(report(database, arguments.run_id, {"Page to forward": str(page), **places}))


if __name__ == "__main__":
    run_as_program(main)
