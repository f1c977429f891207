"""Make, revoke and list the keys of the REST service.

    CLV_OWNER_DATABASE_URL=… python -m jobs.api_key create --name crm-export --scopes read --by "Ada Lovelace"
    CLV_OWNER_DATABASE_URL=… python -m jobs.api_key revoke --key-id 0f3a5c7e9b1d2f40
    CLV_OWNER_DATABASE_URL=… python -m jobs.api_key list

`create` prints the key once; only its hash is stored. A revoked key is refused within 2 s.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

from jobs.core.arguments import parser
from jobs.core.postgres import engine
from jobs.core.settings import SettingsError
from jobs.core.task import log_to_stderr, run_as_program
from jobs.service.keys import SCOPES, all_keys, create_key, revoke_key

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Do what the first argument says; see `--help`."""
    options = parser(__doc__)
    commands = options.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make a key and print it once")
    create.add_argument("--name", required=True, help="who or what uses it: lower-case letters, digits and hyphens")
    create.add_argument("--scopes", required=True, help=f"comma-separated: {', '.join(SCOPES)}")
    create.add_argument("--by", required=True, help="who makes it")
    revoke = commands.add_parser("revoke", help="refuse a key from now on")
    revoke.add_argument("--key-id", required=True, help="the id that list shows")
    commands.add_parser("list", help="show every key that was ever made")
    arguments = options.parse_args(argv)
    log_to_stderr()
    url = os.environ.get("CLV_OWNER_DATABASE_URL")
    if not url:
        raise SettingsError("CLV_OWNER_DATABASE_URL is not set. Set it to the owner's address: see .env.example")
    database = engine(url)
    if arguments.command == "create":
        scopes = [scope.strip() for scope in arguments.scopes.split(",") if scope.strip()]
        sys.stdout.write(create_key(database, name=arguments.name, scopes=scopes, created_by=arguments.by) + "\n")
        log.info("Key %s was made. It is not shown again: hand it over and store it safely", arguments.name)
    elif arguments.command == "revoke":
        log.info("Key %s is revoked", revoke_key(database, arguments.key_id))
    else:
        for key in all_keys(database):
            state = f"revoked {key['revoked_at']:%Y-%m-%d}" if key["revoked_at"] else "valid"
            made = f"{key['created_at']:%Y-%m-%d} by {key['created_by']}"
            line = (key["key_id"], key["name"], ",".join(key["scopes"]), state, made)
            sys.stdout.write("\t".join(line) + "\n")


if __name__ == "__main__":
    run_as_program(main)
