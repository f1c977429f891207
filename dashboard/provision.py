"""Bring Superset's own database up to date, set the administrator's password, and import the dashboards.

    python provision.py ASSETS

Runs in Superset's environment, in one process: each start of its command line takes as long as all of this.
"""

import os
import sys

from click.testing import CliRunner
from flask.cli import ScriptInfo
from superset.app import create_app
from superset.cli.main import superset

ADMIN = "admin"


def main(assets: str) -> None:
    """Run the commands, and stop at the first that fails."""
    app = create_app()
    password = os.environ["SUPERSET_ADMIN_PASSWORD"]
    named = ["--username", ADMIN, "--password", password]
    account = [*named, "--firstname", ADMIN, "--lastname", ADMIN, "--email", "admin@localhost"]
    for command in (
        ["db", "upgrade"],
        ["init"],
        # Tells that the account is there, if it is.
        ["fab", "create-admin", *account],
        ["fab", "reset-password", *named],
        ["import-directory", "--overwrite", assets],
    ):
        result = CliRunner().invoke(superset, command, obj=ScriptInfo(create_app=lambda: app))
        if result.exit_code != 0:
            sys.exit(f"superset {' '.join(command[:2])} failed: {result.output[-2000:]} {result.exception!r}")


if __name__ == "__main__":
    main(sys.argv[1])
