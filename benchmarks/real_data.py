"""The real data of tests and benchmarks: which files, in which folder, and how a download becomes one of them.

    python -m benchmarks.real_data online_retail_II.xlsx

writes `online_retail_ii.parquet` into the folder that CLV_DATA names (default: `data/` in the repository).
`benchmarks/README.md` lists the files and where they come from.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

FOLDER = Path(os.environ.get("CLV_DATA", Path(__file__).parents[1] / "data"))
HINT = (
    "set CLV_DATA to the folder that holds it, or convert a download with `python -m benchmarks.real_data`; "
    "benchmarks/README.md says where to download it"
)


def online_retail_ii(download: Path) -> pd.DataFrame:
    """Both sheets of UCI's workbook, with the sheet's name as a column, or the same rows as one CSV file."""
    sheets = _sheets(download, dtype={"Invoice": str, "StockCode": str})
    rows = pd.concat([rows.assign(sheet=name) for name, rows in sheets.items()], ignore_index=True)
    texts = {name: rows[name].astype("string") for name in ("Invoice", "StockCode", "Description", "Country", "sheet")}
    times = {"InvoiceDate": pd.to_datetime(rows["InvoiceDate"])}
    return rows.assign(**texts, **times, **{"Customer ID": rows["Customer ID"].astype("Int64")})


def cdnow_master(download: Path) -> pd.DataFrame:
    """The text file of Fader and Hardie: customer, day, number of CDs, dollars."""
    names = ["customer_id", "date", "number_of_cds", "dollar_value"]
    rows = pd.read_csv(download, sep=r"\s+", names=names, dtype={"customer_id": str})
    return rows.assign(date=pd.to_datetime(rows["date"], format="%Y%m%d"))


def superstore(download: Path) -> pd.DataFrame:
    """Tableau's sample, as CSV or workbook, days as dates."""
    rows = next(iter(_sheets(download).values()))
    return rows.assign(**{name: pd.to_datetime(rows[name]) for name in ("Order Date", "Ship Date")})


def _sheets(download: Path, **options: Any) -> dict[str, pd.DataFrame]:
    """The sheets of a workbook (.xlsx or .xls) by name, or a CSV file, in UTF-8 or Windows-1252, as its only sheet."""
    if download.suffix.lower() != ".csv":
        return pd.read_excel(download, sheet_name=None, engine="calamine", **options)
    try:
        return {download.stem: pd.read_csv(download, encoding="utf-8-sig", **options)}
    except UnicodeDecodeError:
        return {download.stem: pd.read_csv(download, encoding="cp1252", **options)}


CONVERTERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "online_retail_ii": online_retail_ii,
    "cdnow_master": cdnow_master,
    "superstore": superstore,
}
"""Name of a data set, which a download's name must contain in any case → how it is read."""


def path(name: str, folder: Path = FOLDER) -> Path:
    """Where a data set lies, whether or not it is there."""
    return folder / f"{name}.parquet"


def convert(download: Path, folder: Path = FOLDER) -> Path:
    """Write a download as the Parquet file that tests and benchmarks read.

    Raises:
        ValueError: the file's name is not that of a known data set.
    """
    known = [name for name in CONVERTERS if name in download.stem.lower()]
    if not known:
        raise ValueError(f"{download.name} is not a known download: expected a name of {', '.join(CONVERTERS)}")
    folder.mkdir(parents=True, exist_ok=True)
    target = path(known[0], folder)
    CONVERTERS[known[0]](download).to_parquet(target, index=False)
    return target


def main(argv: Sequence[str] | None = None) -> None:
    """Convert downloads; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("downloads", type=Path, nargs="+")
    for download in parser.parse_args(argv).downloads:
        sys.stdout.write(f"{convert(download)}\n")


if __name__ == "__main__":
    main()
