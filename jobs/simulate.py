"""Write a simulated shop: what it delivers, and beside it what each customer is truly expected to be worth.

`OUT/transactions/month=YYYY-MM/`, `OUT/sessions/month=YYYY-MM/`, `OUT/customers/month=YYYY-MM/` and `OUT/products.csv`
are a landing for the source `simulated_shop`. `OUT/truth/as_of=YYYY-MM-01.parquet` holds expected_01 … expected_12 and
p_active_12m for everybody who had signed up before. The same arguments write the same bytes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from jobs.core.arguments import a_month, parser
from jobs.core.month import Month
from jobs.simulation.deliveries import Shop
from jobs.simulation.population import chunks
from jobs.simulation.shop import simulate

DEFAULT_END = Month(2025, 6)


def main(argv: Sequence[str] | None = None) -> None:
    """Simulate from the command line; see `--help`."""
    options = parser(__doc__)
    options.add_argument("--customers", type=int, default=5_000, help="accounts opened in all (default: %(default)s)")
    options.add_argument("--months", type=int, default=30, help="months of history (default: %(default)s)")
    options.add_argument("--seed", type=int, default=1, help="of everything random (default: %(default)s)")
    options.add_argument("--out", type=Path, required=True, help="folder to write; must not exist or be empty")
    options.add_argument("--end", type=a_month, default=DEFAULT_END, help="last month (default: %(default)s)")
    args = options.parse_args(argv)
    if args.customers < 1 or args.months < 1:
        options.error("--customers and --months must be at least 1")
    shop = Shop(customers=args.customers, months=args.months, seed=args.seed, end=args.end)
    simulate(shop, args.out, processes=min(os.cpu_count() or 1, len(chunks(shop.customers))))
    sys.stdout.write(f"{args.out}: {shop.customers} customers, {shop.first} to {shop.end}\n")


if __name__ == "__main__":
    main()
