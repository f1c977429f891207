"""Write a simulated shop: what it delivers, and beside it what each customer is truly expected to be worth.

`OUT/transactions/month=YYYY-MM/`, `OUT/sessions/month=YYYY-MM/`, `OUT/customers.csv.gz` and `OUT/products.csv` are a
landing for the source `simulated_shop`. `OUT/truth/as_of=YYYY-MM-01.parquet` holds expected_01 … expected_12 and
p_active_12m for everybody who had signed up before. The same arguments write the same bytes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pyarrow.parquet as pq

from jobs.core.month import Month
from jobs.lake.lake import SUCCESS
from jobs.simulation.deliveries import Shop, deliver_accounts, deliver_chunk, deliver_products
from jobs.simulation.population import chunks
from jobs.simulation.truth import SCHEMA

DEFAULT_END = Month(2025, 6)


def simulate(shop: Shop, out: Path, *, processes: int = 1) -> None:
    """Write the shop into a folder that appears when it is complete.

    Args:
        shop: what to simulate; decides every byte.
        out: the folder; must not exist or be empty.
        processes: how many chunks of customers are drawn at a time.

    Raises:
        FileExistsError: the folder holds something.
    """
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty: remove it, or write elsewhere")
    unfinished = out.with_name(f".{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / "truth").mkdir(parents=True)
    _deliver_chunks(shop, unfinished, processes)
    deliver_accounts(shop, unfinished)
    deliver_products(unfinished)
    for folder in unfinished.glob("*/month=*"):
        (folder / SUCCESS).touch()
    if out.exists():
        out.rmdir()
    os.rename(unfinished, out)


def _deliver_chunks(shop: Shop, out: Path, processes: int) -> None:
    writers = {
        as_of: pq.ParquetWriter(out / "truth" / f"as_of={as_of.first_day}.parquet", SCHEMA)
        for as_of in shop.truth_months
    }
    deliver = partial(deliver_chunk, shop, out)
    numbers = chunks(shop.customers)
    with ExitStack() as stack:
        pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
        mapped = stack.enter_context(pool).map if processes > 1 else map
        for truths in mapped(deliver, numbers):
            for as_of, rows in truths.items():
                writers[as_of].write_batch(rows)
    for writer in writers.values():
        writer.close()


def main(argv: Sequence[str] | None = None) -> None:
    """Simulate from the command line; see `--help`."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.simulate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=5_000, help="accounts opened in all (default: %(default)s)")
    parser.add_argument("--months", type=int, default=30, help="months of history (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of everything random (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write; must not exist or be empty")
    parser.add_argument("--end", type=Month.parse, default=DEFAULT_END, help="last month (default: %(default)s)")
    args = parser.parse_args(argv)
    if args.customers < 1 or args.months < 1:
        parser.error("--customers and --months must be at least 1")
    shop = Shop(customers=args.customers, months=args.months, seed=args.seed, end=args.end)
    simulate(shop, args.out, processes=min(os.cpu_count() or 1, len(chunks(shop.customers))))
    sys.stdout.write(f"{args.out}: {shop.customers} customers, {shop.first} to {shop.end}\n")


if __name__ == "__main__":
    main()
