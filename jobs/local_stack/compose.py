"""Make the secrets of `.env` that have no value, then build and start the services: `make compose-up` calls this.

    python3 -m jobs.local_stack.compose [secrets]

With `secrets`, nothing is built or started. It needs Python's standard library alone.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_REPOSITORY = Path(__file__).parents[2]
_VALUE = re.compile(r"^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_SECRET = re.compile(r"\w+_(?:PASSWORD|SECRET|KEY)")
_FERNET = "AIRFLOW_FERNET_KEY"


def values(text: str) -> dict[str, str]:
    """Name → value of an `.env` file, without quotes and comments."""
    return {name: re.sub(r"(^|\s)#.*", "", value).strip().strip("\"'") for name, value in _VALUE.findall(text)}


def with_secrets(text: str, example: str, environ: Mapping[str, str]) -> str:
    """The text of an `.env` file with a value for every secret of the example that the environment does not give.

    Args:
        text: the file as it is; empty if there is none: then the example is completed.
        example: the text of `.env.example`.
        environ: the environment.
    """
    given = {**environ, **{name: value for name, value in values(text).items() if value}}
    missing = [name for name in values(example) if _SECRET.fullmatch(name) and not given.get(name)]
    text = text or example
    for name in missing:
        line = f"{name}={_secret(name)}"
        text, replaced = re.subn(rf"^[ \t]*(?:export[ \t]+)?{name}[ \t]*=.*$", line, text, flags=re.MULTILINE)
        text += "" if replaced else f"\n{line}\n"
    return text


def _secret(name: str) -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode() if name == _FERNET else secrets.token_hex(24)


def _write_private(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    unfinished.rename(path)


def compose_command() -> list[str]:
    """Docker Compose as it is installed; exits with a message if it is not."""
    if shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    sys.exit("Docker Compose is not installed: https://docs.docker.com/compose/install/")


def main(argv: Sequence[str] | None = None) -> None:
    """Make the secrets, and run docker compose; exits with its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", choices=["secrets"], help="only make the secrets")
    is_only_secrets = parser.parse_args(argv).command == "secrets"
    path, example = _REPOSITORY / ".env", (_REPOSITORY / ".env.example").read_text(encoding="utf-8")
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    after = with_secrets(before, example, os.environ)
    if after != before:
        _write_private(path, after)
        sys.stdout.write(f"{path} has new secrets: keep it, the data cannot be used without them\n")
    if is_only_secrets:
        return
    # make exports the file as it reads it, which is not as docker compose does, and docker compose would prefer that.
    in_file = values(after)
    environment = {name: value for name, value in os.environ.items() if value and not in_file.get(name)}
    compose = compose_command()
    for command in (["build"], ["up", "--detach"]):
        code = subprocess.run([*compose, *command], env=environment, cwd=_REPOSITORY, check=False).returncode
        if code != 0:
            sys.exit(code)


if __name__ == "__main__":
    main()
