"""The yardstick of `make bench-speed`: one process with DuckDB and XGBoost that does a month of the simulated shop.

    python -m benchmarks.reference_month LANDING LAKE MONTH SNAPSHOTS     e.g. landing lake 2025-06 1

Reads the months that are not in LAKE yet, builds the newest SNAPSHOTS monthly snapshots (trailing windows overall and
by department, months, tenure), trains a two-part GBM on the newest one that has matured, scores everybody and writes a
CSV. No quarantine, no validation, no gate, no intervals: what somebody would write instead. Prints seconds by stage,
and the peak memory in MB, as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import xgboost as xgb

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.features.table import WINDOW_DAYS
from jobs.sources import load

DEPARTMENTS = load("simulated_shop").departments
_CSV = "all_varchar = true, ignore_errors = true"
_TREES = {
    "tree_method": "hist",
    "n_estimators": 150,
    "learning_rate": 0.05,
    "max_depth": 5,
    "subsample": 0.7,
    "colsample_bytree": 0.6,
    "n_jobs": 2,
}
_TRAINED_ON_PERCENT = 30


class ReferenceMonth:
    """A month, from the landing to the CSV."""

    def __init__(self, landing: Path, lake: Path, month: Month) -> None:
        lake.mkdir(parents=True, exist_ok=True)
        self._landing, self._lake, self._month = landing, lake, month
        self._duckdb = duckdb.connect()
        self._duckdb.execute("SET threads = 2; SET memory_limit = '8GB'")

    def ingest(self) -> None:
        """Parse the months that the lake does not hold yet."""
        delivered = sorted(folder.name.removeprefix("month=") for folder in (self._landing / "transactions").iterdir())
        months = [month for month in delivered if month <= str(self._month)]
        for month in months:
            if not (self._lake / f"clean_{month}.parquet").exists():
                self._ingest(month)
        clean = [str(self._lake / f"clean_{month}.parquet") for month in months]
        self._duckdb.execute(
            """
            CREATE TABLE day AS
            SELECT customer_id, seen::date AS dt, department, sum(net)::double AS v, count(DISTINCT order_id) AS n
            FROM read_parquet($clean) GROUP BY ALL
            """,
            {"clean": clean},
        )
        accounts = self._landing / "customers" / f"month={self._month}" / "*.csv.gz"
        known = "customer_id, try_cast(signup_date AS date) AS signup, membership, city"
        self._duckdb.execute(f"CREATE TABLE customer AS SELECT {known} FROM read_csv('{accounts}', {_CSV})")

    def _ingest(self, month: str) -> None:
        folder, products = self._landing / "transactions" / f"month={month}", self._landing / "products.csv"
        self._duckdb.execute(
            f"""
            COPY (
                WITH rows AS (
                    SELECT
                        *,
                        try_cast(ordered_at AS timestamp) AS seen,
                        try_cast(quantity AS decimal(18, 4)) AS units,
                        try_cast(unit_price AS decimal(18, 4)) AS price
                    FROM read_csv('{folder}/*.csv.gz', {_CSV})
                )
                SELECT
                    order_id, customer_id, seen, rows.product_id, coalesce(department, 'other') AS department, units,
                    (units * price)::decimal(18, 4) AS net
                FROM rows LEFT JOIN read_csv('{products}', {_CSV}) USING (product_id)
                WHERE seen IS NOT NULL AND units IS NOT NULL AND price IS NOT NULL AND coalesce(customer_id, '') <> ''
                ORDER BY seen
            ) TO '{self._lake}/clean_{month}.parquet' (FORMAT parquet, COMPRESSION zstd)
            """
        )
        sessions = self._landing / "sessions" / f"month={month}" / "*.csv.gz"
        logins = f"SELECT customer_id, try_cast(logged_in_at AS timestamp) AS seen FROM read_csv('{sessions}', {_CSV})"
        self._duckdb.execute(f"COPY ({logins}) TO '{self._lake}/sessions_{month}.parquet' (FORMAT parquet)")

    def features(self, snapshots: int) -> None:
        """Write the newest snapshots that the lake does not hold yet."""
        for back in range(snapshots):
            self._snapshot(self._month.plus(-back).as_of)

    def _snapshot(self, as_of: date) -> Path:
        file = self._lake / f"features_{as_of}.parquet"
        if not file.exists():
            query = _features(as_of)
            self._duckdb.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
        return file

    def _inputs(self, as_of: date, percent: int) -> tuple[pd.Series, np.ndarray]:
        """Ids and inputs of a share of the customers."""
        frame = self._duckdb.execute(
            f"""
            SELECT * FROM read_parquet('{self._snapshot(as_of)}')
            WHERE hash(customer_id) % 100 < {percent} ORDER BY customer_id
            """
        ).df()
        for name in ("membership", "city"):
            frame[name] = frame[name].astype("category").cat.codes
        return frame["customer_id"], frame.drop(columns="customer_id").to_numpy(dtype=np.float32)

    def train(self) -> None:
        """Fit P(active) and the amount on the newest snapshot whose outcome is known."""
        as_of = self._month.plus(-HORIZON_MONTHS).as_of
        ids, x = self._inputs(as_of, _TRAINED_ON_PERCENT)
        came = self._duckdb.execute(
            "SELECT customer_id, sum(v) AS y FROM day WHERE dt >= $1 AND dt < $2 GROUP BY 1", [as_of, self._month.as_of]
        ).df()
        y = ids.map(came.set_index("customer_id")["y"]).fillna(0).clip(lower=0).to_numpy()
        self._active = xgb.XGBClassifier(**_TREES).fit(x, y > 0)
        self._amount = xgb.XGBRegressor(objective="reg:gamma", **_TREES).fit(x[y > 0], y[y > 0])

    def score(self) -> None:
        """Forecast everybody."""
        self._ids, x = self._inputs(self._month.as_of, 100)
        self._forecast = self._active.predict_proba(x)[:, 1] * self._amount.predict(x)

    def publish(self) -> None:
        """Write the forecast, a twelfth a month."""
        months = pd.DataFrame(np.outer(self._forecast, np.ones(HORIZON_MONTHS) / HORIZON_MONTHS).round(2))
        months.insert(0, "customer_id", self._ids)
        months.to_csv(self._lake / "forecast.csv", index=False)


def _features(as_of: date) -> str:
    """The query of a snapshot: about 150 sums."""
    found = []
    for days in WINDOW_DAYS:
        for place, which in enumerate(["true", *(f"department = '{name}'" for name in DEPARTMENTS)]):
            inside = f"FILTER (dt >= date '{as_of}' - {days} AND {which})"
            found += [
                f"coalesce(sum(v) {inside}, 0) AS v{days}_{place}",
                f"coalesce(sum(n) {inside}, 0) AS n{days}_{place}",
                f"avg(v) {inside} AS a{days}_{place}",
            ]
    for lag in range(HORIZON_MONTHS):
        first, end = (f"date '{as_of}' - interval '{months} months'" for months in (lag + 1, lag))
        inside = f"FILTER (dt >= {first} AND dt < {end})"
        found += [f"coalesce(sum(v) {inside}, 0) AS lag_v{lag}", f"coalesce(sum(n) {inside}, 0) AS lag_n{lag}"]
    found += [
        f"date_diff('day', min(dt), date '{as_of}') AS tenure",
        f"date_diff('day', max(dt), date '{as_of}') AS recency",
        "count(DISTINCT dt) AS order_days",
        "sum(v) AS lifetime",
        "count(DISTINCT department) AS departments",
    ]
    return f"""
        SELECT
            c.customer_id, date_diff('day', c.signup, date '{as_of}') AS signup_days, c.membership, c.city,
            x.* EXCLUDE (customer_id)
        FROM customer AS c
        LEFT JOIN (SELECT customer_id, {", ".join(found)} FROM day WHERE dt < date '{as_of}' GROUP BY 1) AS x
            USING (customer_id)
        WHERE c.signup < date '{as_of}'
    """


def main(argv: Sequence[str] | None = None) -> None:
    """Do a month."""
    landing, lake, month, snapshots = sys.argv[1:] if argv is None else argv
    reference = ReferenceMonth(Path(landing), Path(lake), Month.parse(month))
    stages = {
        "ingest": reference.ingest,
        "features": lambda: reference.features(int(snapshots)),
        "train": reference.train,
        "score": reference.score,
        "publish": reference.publish,
    }
    seconds = {}
    for name, stage in stages.items():
        started = time.perf_counter()
        stage()
        seconds[name] = round(time.perf_counter() - started, 2)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mb": peak_mb}) + "\n")


if __name__ == "__main__":
    main()
