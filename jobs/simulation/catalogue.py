"""What the simulated shop sells, to which tastes, and when: constants, so that expected values can be worked out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DEPARTMENTS = ("beauty", "books", "electronics", "fashion", "home", "toys")
PRODUCTS_PER_DEPARTMENT = 40
TASTES = len(DEPARTMENTS)
"""Each taste prefers the department of its number."""
PRICE_TIERS = 6

ORDER_SEASON: Floats = np.array([0.85, 0.82, 0.90, 0.92, 0.95, 0.93, 0.88, 0.90, 1.02, 1.08, 1.30, 1.45])
"""Orders by calendar month, January first, against the average month."""

_TYPICAL_PRICE = np.array([12.0, 14.0, 80.0, 35.0, 28.0, 18.0])
_POPULARITY = np.array([0.18, 0.15, 0.12, 0.25, 0.20, 0.10])
_TASTE_SHARE = 0.5
_GIFT_MONTHS = (10, 11)
_GIFT_BOOST = np.array([1.3, 1.2, 1.6, 1.0, 0.9, 2.5])
_PRICE_SPREAD = 0.7
_TIER_SPREAD = 0.6

_RANKS: Floats = np.linspace(-1.5, 1.5, PRODUCTS_PER_DEPARTMENT)
_TIERS: Floats = np.linspace(-1.0, 1.2, PRICE_TIERS)

PRICES_IN_CENTS: npt.NDArray[np.int64] = np.rint(
    _TYPICAL_PRICE[:, None] * np.exp(_PRICE_SPREAD * _RANKS[None, :]) * 100
).astype(np.int64)
"""Price by department and product."""

MARGIN_RATES = {"beauty": 0.55, "books": 0.3, "electronics": 0.15, "fashion": 0.5, "home": 0.4, "toys": 0.35}
"""The share of its price that the shop keeps of an article, by department."""

COSTS_IN_CENTS: npt.NDArray[np.int64] = np.rint(
    PRICES_IN_CENTS * (1.0 - np.array([MARGIN_RATES[name] for name in DEPARTMENTS]))[:, None]
).astype(np.int64)
"""What a unit costs the shop, by department and product."""


def product_shares() -> Floats:
    """P(product | department, tier), shape (tier, product): the same in each department."""
    weights = np.exp(-0.5 * ((_RANKS[None, :] - _TIERS[:, None]) / _TIER_SPREAD) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def department_shares() -> Floats:
    """P(department | taste, calendar month), shape (taste, 12, department)."""
    by_taste = _TASTE_SHARE * np.eye(TASTES) + (1 - _TASTE_SHARE) * _POPULARITY[None, :]
    season = np.ones((12, len(DEPARTMENTS)))
    season[list(_GIFT_MONTHS)] = _GIFT_BOOST
    weights = by_taste[:, None, :] * season[None, :, :]
    return np.asarray(weights / weights.sum(axis=2, keepdims=True))


def mean_unit_price() -> Floats:
    """Expected price of a unit by taste, tier and calendar month, shape (taste, tier, 12)."""
    by_department = (PRICES_IN_CENTS / 100) @ product_shares().T
    return np.asarray(np.einsum("acd,dt->atc", department_shares(), by_department))


def product_ids() -> list[str]:
    """Ids of all products; product `j` of department `d` is number d × PRODUCTS_PER_DEPARTMENT + j."""
    return [f"{name[:2].upper()}-{j:03d}" for name in DEPARTMENTS for j in range(PRODUCTS_PER_DEPARTMENT)]
