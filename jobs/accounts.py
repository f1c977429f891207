"""Make the accounts of Airflow that docker-compose.yml names, with the passwords of the environment, or set them anew.

    python -m jobs.accounts

Other accounts stay: an administrator adds them in Airflow's UI.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from jobs.core.arguments import parser
from jobs.core.settings import SettingsError
from jobs.core.task import log_to_stderr, run_as_program

log = logging.getLogger(__name__)

ACCOUNTS = {
    "admin": ("Admin", "AIRFLOW_ADMIN_PASSWORD"),
    "operator": ("Op", "AIRFLOW_OPERATOR_PASSWORD"),
    "viewer": ("Viewer", "AIRFLOW_VIEWER_PASSWORD"),
    "clv-api": ("User", "AIRFLOW_API_PASSWORD"),
}
"""Name → Airflow's role, and the variable of the password. `clv-api` is the REST service."""


@providers_configuration_loaded
def main(argv: Sequence[str] | None = None) -> None:
    """Make the accounts."""
    parser(__doc__).parse_args(argv)
    log_to_stderr()
    missing = [variable for _, variable in ACCOUNTS.values() if not os.environ.get(variable)]
    if missing:
        raise SettingsError(f"{', '.join(missing)} is not set: `make compose-up` makes a password for each account")
    with get_application_builder() as builder:
        for name, (role, variable) in ACCOUNTS.items():
            user = builder.sm.find_user(username=name)
            if user is None:
                email = f"{name}@localhost.localdomain"
                user = builder.sm.add_user(name, name, "", email, builder.sm.find_role(role), os.environ[variable])
            else:
                builder.sm.reset_password(user.id, os.environ[variable])
            if not user:
                raise RuntimeError(f"Airflow did not make the account {name}: its log says why")
            log.info("Account %s: role %s", name, role)


if __name__ == "__main__":
    run_as_program(main)
