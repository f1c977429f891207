"""Run a notebook from top to bottom and write it back with its new outputs.

    python -m notebooks.execute notebooks/01_clv_analysis.ipynb

Only what the notebook itself says is kept: no timings, and not what Java writes to the terminal.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).parent

_LONGEST_CELL_S = 1800


def execute(notebook: NotebookNode, data: Path | None = None) -> NotebookNode:
    """Run every cell in a kernel of its own, in this folder.

    Args:
        notebook: what to run; its outputs are replaced.
        data: folder of the real data, handed on as `CLV_DATA`; where left out, the notebook's own default.

    Raises:
        CellExecutionError: a cell failed; the ones after it were not run.
    """
    environment = os.environ | ({} if data is None else {"CLV_DATA": str(data.resolve())})
    client = NotebookClient(
        notebook,
        timeout=_LONGEST_CELL_S,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(FOLDER)}},
        extra_arguments=["--IPKernelApp.capture_fd_output=False"],
    )
    executed: NotebookNode = client.execute(env=environment)
    executed.metadata = NotebookNode(kernelspec=executed.metadata["kernelspec"], language_info={"name": "python"})
    return executed


def main(argv: Sequence[str] | None = None) -> None:
    """Execute a notebook in place; see `--help`."""
    parser = argparse.ArgumentParser(
        prog="python -m notebooks.execute", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--data", type=Path, help="folder of the real data (default: the notebook's own)")
    args = parser.parse_args(argv)
    nbformat.write(execute(nbformat.read(args.notebook, as_version=4), args.data), args.notebook)


if __name__ == "__main__":
    main()
