"""Bring Superset's own database up to date, set the administrator's password, and import the dashboards.

    python provision.py ASSETS

Runs in Superset's environment, in one process: each start of its command line takes as long as all of this.
"""

import os
import sys
from pathlib import Path

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
    ):
        result = CliRunner().invoke(superset, command, obj=ScriptInfo(create_app=lambda: app))
        if result.exit_code != 0:
            sys.exit(f"superset {' '.join(command[:2])} failed: {result.output[-2000:]} {result.exception!r}")
    import_assets(app, Path(assets))


def import_assets(app, folder):
    """Replace what an earlier start imported; `import-directory` would leave charts that are gone on their pages."""
    # Superset's models can be imported once there is an app only.
    from superset import security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    contents = {str(path.relative_to(folder)): path.read_text("utf-8") for path in sorted(folder.rglob("*.yaml"))}
    with app.app_context(), override_user(security_manager.find_user(ADMIN)):
        ImportAssetsCommand(contents).run()


if __name__ == "__main__":
    main(sys.argv[1])
