"""Judge the forecaster and its peers on every shop of the suite: `make bench-accuracy`.

    python -m benchmarks.suite                       # the reporting origins; writes benchmarks/results and the pages
    python -m benchmarks.suite --choosing yearly     # the choosing origins of a shop; writes nothing
    python -m benchmarks.suite --model mine=my_module:my_function

Real data are read from the folder that CLV_DATA names; a shop whose file is not there is left out, and the command says
so. The other shops are simulated on the spot.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.accuracy import judged, keep, session
from benchmarks.peers import ENTER, PEERS, Model, entered
from benchmarks.real_data import FOLDER
from benchmarks.table import table
from benchmarks.trials import SUITE, deliver
from docs.generate import benchmarks as page
from docs.generate import model_card
from docs.generate.page import RESULTS


def judge(name: str, *, choosing: bool, models: Mapping[str, Model], data: Path) -> dict[str, Any]:
    """The figures of a shop's choosing origins, or of its reporting origin; raises FileNotFoundError as `deliver`."""
    trial = SUITE[name]
    trial.check_file(data)
    origins = trial.choosing if choosing else [trial.reporting]
    with TemporaryDirectory(prefix="clv-benchmark-") as folder:
        shop, landing = deliver(session(), name, Path(folder), origins, data)
        return judged(trial.mapping(name).name, shop, landing, origins, models)


def main(argv: Sequence[str] | None = None) -> None:
    """Judge from the command line; see `--help`."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.suite", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shops", nargs="*", metavar="shop", help=f"of {', '.join(SUITE)}; all, if none is named")
    parser.add_argument("--choosing", action="store_true", help="the choosing origins, and write nothing")
    parser.add_argument("--model", type=entered, action="append", default=[], help=ENTER)
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the real data (default: %(default)s)")
    args = parser.parse_args(argv)
    names = args.shops or list(SUITE)
    if unknown := sorted(set(names) - set(SUITE)):
        parser.error(f"no such shop: {', '.join(unknown)}")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for name in names:
        try:
            result = judge(name, choosing=args.choosing, models={**PEERS, **dict(args.model)}, data=args.data)
        except FileNotFoundError as error:
            sys.stdout.write(f"{name}: left out: {error}\n")
            continue
        sys.stdout.write(table(result))
        if not args.choosing and not args.model:
            keep(result, RESULTS / f"{name}.json")
    if not args.choosing and not args.model:
        page.main(["--write"])
        model_card.main(["--write"])


if __name__ == "__main__":
    main()
