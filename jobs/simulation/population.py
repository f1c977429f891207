"""The latent state of simulated customers: what a real shop never knows, and what the true expected value follows from.

Orders are a Poisson process with a season until the customer leaves for good, at the end of any month with a constant
probability; rates, values and lifetimes differ between customers (after Schmittlein, Morrison and Colombo, 1987).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jobs.simulation.catalogue import ORDER_SEASON, PRICE_TIERS, TASTES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CHUNK_CUSTOMERS = 50_000
"""Customers who are drawn together, each chunk from seeds of its own."""

MEMBERSHIPS = ("none", "monthly", "annual")
CITIES = (
    ("London", "United Kingdom", 0.20),
    ("Manchester", "United Kingdom", 0.09),
    ("Leeds", "United Kingdom", 0.06),
    ("Berlin", "Germany", 0.12),
    ("Hamburg", "Germany", 0.07),
    ("Munich", "Germany", 0.07),
    ("Paris", "France", 0.11),
    ("Lyon", "France", 0.05),
    ("Madrid", "Spain", 0.07),
    ("Amsterdam", "Netherlands", 0.06),
    ("Vienna", "Austria", 0.05),
    ("Dublin", "Ireland", 0.05),
)

_MEMBERSHIP_SHARES = (0.65, 0.20, 0.15)
_MEMBERSHIP_RATE = np.array([1.0, 1.3, 1.6])
_MEMBERSHIP_CHURN = np.array([1.0, 0.8, 0.55])
_MOVED = 0.15
_SIGNUP_GROWTH = 1.025
_NEVER_BUYS = 0.12
_RATE_SHAPE, _RATE_MEAN = 0.9, 0.85
_CHURN_A, _CHURN_B = 1.5, 18.0
_EXTRA_LINES_MEDIAN, _EXTRA_LINES_SPREAD = 1.7, 0.6
_EXTRA_UNITS_SHAPE, _EXTRA_UNITS_MEAN = 2.0, 0.35
_RETURNS_A, _RETURNS_B = 1.2, 16.0


@dataclass(frozen=True, kw_only=True)
class Population:
    """One array entry a customer; months count from the shop's first.

    Attributes:
        number: of the customer, from 1.
        signup_month: month the account was opened in.
        signup_share: how much of that month had passed.
        last_month: last month with purchases; the customer is gone after its end.
        churn: probability of leaving at the end of a month.
        rate: expected orders in an average month; 0 for those who never buy.
        extra_lines: expected lines of an order beyond the first.
        extra_units: expected units of a line beyond the first.
        return_share: probability that a line is returned.
        taste: preferred department.
        tier: preferred price level.
        membership: index into MEMBERSHIPS, from `joined_month` on; the rates and lifetimes are those of its members
            throughout.
        joined_month: month the membership started in.
        city: index into CITIES, from `moved_month` on.
        moved_month: month the customer moved in; the sign-up month of those who never did.
        former_city: index into CITIES, before.
    """

    number: Ints
    signup_month: Ints
    signup_share: Floats
    last_month: Ints
    churn: Floats
    rate: Floats
    extra_lines: Floats
    extra_units: Floats
    return_share: Floats
    taste: Ints
    tier: Ints
    membership: Ints
    joined_month: Ints
    city: Ints
    moved_month: Ints
    former_city: Ints

    def __len__(self) -> int:
        return len(self.number)

    @property
    def ids(self) -> list[str]:
        """Customer ids as delivered."""
        return [f"C{number:07d}" for number in self.number.tolist()]

    def memberships_at(self, age: int) -> Ints:
        """The index into MEMBERSHIPS at the end of a month."""
        return np.where(self.joined_month <= age, self.membership, 0)

    def cities_at(self, age: int) -> Ints:
        """The index into CITIES at the end of a month."""
        return np.where(self.moved_month <= age, self.city, self.former_city)


def chunks(customers: int) -> range:
    """Numbers of the chunks that hold so many customers."""
    return range(-(-customers // CHUNK_CUSTOMERS))


def population(chunk: int, *, customers: int, months: int, first_calendar_month: int, seed: int) -> Population:
    """Draw one chunk of a shop's customers.

    Args:
        chunk: which of `chunks(customers)`.
        customers: of the whole shop.
        months: the shop's age at the end.
        first_calendar_month: calendar month of its first month, January = 0.
        seed: of the shop.
    """
    first = chunk * CHUNK_CUSTOMERS
    size = min(CHUNK_CUSTOMERS, customers - first)
    rng = np.random.default_rng([seed, chunk])
    ages = np.arange(months)
    signups = _SIGNUP_GROWTH**ages * ORDER_SEASON[(first_calendar_month + ages) % 12]
    membership = rng.choice(len(MEMBERSHIPS), size, p=_MEMBERSHIP_SHARES)
    signup_month = rng.choice(months, size, p=signups / signups.sum())
    churn = np.clip(rng.beta(_CHURN_A, _CHURN_B, size) * _MEMBERSHIP_CHURN[membership], 1e-4, 1.0)
    rate = rng.gamma(_RATE_SHAPE, _RATE_MEAN / _RATE_SHAPE, size) * _MEMBERSHIP_RATE[membership]
    shares, left = [share for _, _, share in CITIES], months - signup_month
    return Population(
        number=np.arange(first + 1, first + size + 1),
        signup_month=signup_month,
        signup_share=rng.random(size),
        last_month=signup_month + rng.geometric(churn) - 1,
        churn=churn,
        rate=np.where(rng.random(size) < _NEVER_BUYS, 0.0, rate),
        extra_lines=rng.lognormal(np.log(_EXTRA_LINES_MEDIAN), _EXTRA_LINES_SPREAD, size),
        extra_units=rng.gamma(_EXTRA_UNITS_SHAPE, _EXTRA_UNITS_MEAN / _EXTRA_UNITS_SHAPE, size),
        return_share=rng.beta(_RETURNS_A, _RETURNS_B, size),
        taste=rng.integers(TASTES, size=size),
        tier=rng.integers(PRICE_TIERS, size=size),
        membership=membership,
        city=rng.choice(len(CITIES), size, p=shares),
        joined_month=signup_month + (rng.random(size) * left / 2).astype(np.int64),
        moved_month=signup_month + np.where(rng.random(size) < _MOVED, rng.random(size) * left, 0.0).astype(np.int64),
        former_city=rng.choice(len(CITIES), size, p=shares),
    )
