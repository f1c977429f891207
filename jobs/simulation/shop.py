"""A whole simulated shop, written into a folder."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pyarrow.parquet as pq

from jobs.landing.layouts import SUCCESS
from jobs.simulation.deliveries import Shop, deliver_chunk, deliver_products
from jobs.simulation.population import chunks
from jobs.simulation.truth import SCHEMA


def simulate(shop: Shop, out: Path, *, processes: int = 1) -> None:
    """Write the shop into a folder that appears when it is complete.

    Args:
        shop: what to simulate; decides every byte.
        out: the folder; must not exist or be empty.
        processes: how many chunks of customers are drawn at a time; changes no byte.

    Raises:
        FileExistsError: the folder holds something.
    """
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty: remove it, or write elsewhere")
    unfinished = out.with_name(f".{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / "truth").mkdir(parents=True)
    _deliver_chunks(shop, unfinished, processes)
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
