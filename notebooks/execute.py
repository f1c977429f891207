"""Run a notebook from top to bottom and write it back with its new outputs.

    python -m notebooks.execute notebooks/01_clv_analysis.ipynb

The real data are read from the folder in `CLV_DATA`. Only what the notebook itself says is kept: no timings, and not
what Java writes to the terminal.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).parent

_LONGEST_CELL_S = 1800


def execute(notebook: NotebookNode) -> NotebookNode:
    """Run every cell in a kernel of its own, in this folder; raises CellExecutionError for the first that fails."""
    client = NotebookClient(
        notebook,
        timeout=_LONGEST_CELL_S,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(FOLDER)}},
        extra_arguments=["--IPKernelApp.capture_fd_output=False"],
    )
    executed: NotebookNode = client.execute()
    executed.metadata = NotebookNode(kernelspec=executed.metadata["kernelspec"], language_info={"name": "python"})
    return executed


def main(argv: Sequence[str] | None = None) -> None:
    """Execute a notebook in place; see `--help`."""
    parser = argparse.ArgumentParser(
        prog="python -m notebooks.execute", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebook", type=Path)
    path = parser.parse_args(argv).notebook
    nbformat.write(execute(nbformat.read(path, as_version=4)), path)


if __name__ == "__main__":
    main()
