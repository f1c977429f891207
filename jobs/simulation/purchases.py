"""A month of a simulated shop: orders, returns and logins of one chunk of customers."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from jobs.core.month import Month
from jobs.simulation import catalogue
from jobs.simulation.population import Population

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RETURNED_NEXT_MONTH = 0.4
"""Share of the returns that are booked in the month after the order."""

_FIRST_ORDER_AT_SIGNUP = 0.6
_WEEKDAY_WEIGHTS = np.array([0.95, 0.95, 0.95, 1.0, 1.05, 1.15, 0.95])
_HOUR_WEIGHTS = np.array([1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 7, 6, 6, 6, 6, 7, 8, 9, 9, 7, 4, 2], dtype=float)
_NEXT_MONTH_RETURN_SECONDS = 14 * 86_400
_VISITS_WHILE_ACTIVE, _VISITS_PER_ORDER, _VISITS_WHEN_GONE = 0.3, 0.7, 0.03
_LONGEST_VISIT_SECONDS = 1800


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Lines of orders (positive units) or returns (negative); one array entry a line.

    Attributes:
        customer: position in the population.
        order: number of the order within the month and chunk; returns are numbered on their own.
        number: of the line within its order.
        second: when, in seconds since 1970.
        product: number of the product.
        units: units, negative for returns.
    """

    customer: Ints
    order: Ints
    number: Ints
    second: Ints
    product: Ints
    units: Ints

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def value(self) -> Floats:
        """Value of each line."""
        return np.asarray(self.units * catalogue.PRICES_IN_CENTS.ravel()[self.product] / 100)

    def only(self, chosen: npt.NDArray[np.bool_]) -> Lines:
        """The chosen lines."""
        return Lines(
            customer=self.customer[chosen],
            order=self.order[chosen],
            number=self.number[chosen],
            second=self.second[chosen],
            product=self.product[chosen],
            units=self.units[chosen],
        )


@dataclass(frozen=True, kw_only=True)
class MonthOfShop:
    """What happened in a month.

    Attributes:
        sales: the lines ordered.
        returns: the lines taken back, of this month's orders and the last's.
        returned_next_month: the lines of this month's orders that will be taken back next month.
        kept: the lines of this month's orders that were not taken back before its end.
        login_customer: position of the customer of each login.
        login_second: when, in seconds since 1970.
    """

    sales: Lines
    returns: Lines
    returned_next_month: Lines
    kept: Lines
    login_customer: Ints
    login_second: Ints


def month_of_shop(
    people: Population, age: int, month: Month, *, returned_from_before: Lines | None, rng: np.random.Generator
) -> MonthOfShop:
    """Draw a month.

    Args:
        people: the chunk of customers.
        age: the month, counted from the shop's first.
        month: the same month of the calendar.
        returned_from_before: last month's `returned_next_month`.
        rng: the month's and chunk's own generator.
    """
    start, end = _seconds(month), _seconds(month.plus(1))
    customer, second = _orders(people, age, month, rng)
    sales = _lines(people, customer, second, month, rng)
    fate = rng.random(len(sales))
    return_share = people.return_share[sales.customer]
    at_once = fate < return_share * (1 - RETURNED_NEXT_MONTH)
    later = ~at_once & (fate < return_share)
    returns = [_taken_back(sales.only(at_once), sales.second[at_once], end, rng)]
    if returned_from_before is not None:
        month_start = np.full(len(returned_from_before), start)
        returns.append(_taken_back(returned_from_before, month_start, start + _NEXT_MONTH_RETURN_SECONDS, rng))
    login_customer, login_second = _logins(people, age, customer, second, start, end, rng)
    return MonthOfShop(
        sales=sales,
        returns=_numbered(returns),
        returned_next_month=sales.only(later),
        kept=sales.only(~at_once),
        login_customer=login_customer,
        login_second=login_second,
    )


def present_share(people: Population, age: int) -> Floats:
    """How much of a month each customer could buy in: 1 while active, a part of the month of signup, else 0."""
    active = (people.signup_month <= age) & (age <= people.last_month)
    return np.where(active, np.where(people.signup_month == age, 1 - people.signup_share, 1.0), 0.0)


def _orders(people: Population, age: int, month: Month, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Customer and second of each order, by customer."""
    expected = people.rate * catalogue.ORDER_SEASON[month.number - 1] * present_share(people, age)
    is_new = people.signup_month == age
    buys_at_once = is_new & (people.rate > 0) & (rng.random(len(people)) < _FIRST_ORDER_AT_SIGNUP)
    customer = np.repeat(np.arange(len(people)), rng.poisson(expected))
    second = _moments(len(customer), month, rng)
    start, end = _seconds(month), _seconds(month.plus(1))
    signup = start + (people.signup_share * (end - start)).astype(np.int64)
    new = is_new[customer]
    since_signup = rng.random(len(customer))
    second = np.where(new, signup[customer] + (since_signup * (end - signup[customer])).astype(np.int64), second)
    first = np.flatnonzero(buys_at_once)
    customer, second = np.append(customer, first), np.append(second, signup[first])
    order = np.lexsort((second, customer))
    return customer[order], second[order]


def _moments(orders: int, month: Month, rng: np.random.Generator) -> Ints:
    """Seconds in a month, by the weights of weekdays and hours."""
    days = np.arange(np.datetime64(str(month), "D"), np.datetime64(str(month.plus(1)), "D"))
    weights = _WEEKDAY_WEIGHTS[(days.astype(np.int64) + 3) % 7]
    day = days[rng.choice(len(days), orders, p=weights / weights.sum())].astype(np.int64)
    hour = rng.choice(24, orders, p=_HOUR_WEIGHTS / _HOUR_WEIGHTS.sum())
    return np.asarray(day * 86_400 + hour * 3600 + rng.integers(3600, size=orders))


def _lines(people: Population, customer: Ints, second: Ints, month: Month, rng: np.random.Generator) -> Lines:
    lines = 1 + rng.poisson(people.extra_lines[customer])
    order = np.repeat(np.arange(len(customer)), lines)
    buyer = customer[order]
    departments = catalogue.department_shares()[:, month.number - 1]
    department = _pick(departments, people.taste[buyer], rng)
    product = _pick(catalogue.product_shares(), people.tier[buyer], rng)
    return Lines(
        customer=buyer,
        order=order,
        number=np.arange(len(order)) - np.repeat(np.cumsum(lines) - lines, lines) + 1,
        second=second[order],
        product=department * catalogue.PRODUCTS_PER_DEPARTMENT + product,
        units=1 + rng.poisson(people.extra_units[buyer]),
    )


def _pick(shares: Floats, row: Ints, rng: np.random.Generator) -> Ints:
    """A column for each row number, by that row's shares."""
    width = shares.shape[1]
    steps = (np.cumsum(shares, axis=1) + np.arange(len(shares))[:, None]).ravel()
    positions = np.searchsorted(steps, row + rng.random(len(row)), side="right") - row * width
    return np.asarray(np.clip(positions, 0, width - 1))


def _taken_back(lines: Lines, earliest: Ints, latest: int, rng: np.random.Generator) -> Lines:
    second = earliest + (rng.random(len(lines)) * (latest - earliest)).astype(np.int64)
    return replace(lines, number=np.ones_like(lines.number), second=second, units=-lines.units)


def _numbered(parts: list[Lines]) -> Lines:
    """All returns, each with a number of its own."""
    joined = {field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Lines)}
    return Lines(**joined | {"order": np.arange(len(joined["order"]))})


def _logins(
    people: Population, age: int, buyer: Ints, ordered: Ints, start: int, end: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Customer and second of each login: one before every order, and visits without an order."""
    known = people.signup_month < age
    active = present_share(people, age)
    visits = _VISITS_WHILE_ACTIVE * active + _VISITS_PER_ORDER * people.rate * active
    visits = np.where(known & (age > people.last_month), _VISITS_WHEN_GONE, visits)
    visitor = np.repeat(np.arange(len(people)), rng.poisson(visits))
    visited = start + (rng.random(len(visitor)) * (end - start)).astype(np.int64)
    signup = start + (people.signup_share * (end - start)).astype(np.int64)
    is_new = people.signup_month[visitor] == age
    visited = np.where(is_new, np.maximum(visited, signup[visitor]), visited)
    before_order = np.maximum(ordered - rng.integers(60, _LONGEST_VISIT_SECONDS, size=len(ordered)), start)
    return np.append(visitor, buyer), np.append(visited, before_order)


def _seconds(month: Month) -> int:
    """The month's first second, since 1970."""
    return int(np.datetime64(str(month), "s").astype(np.int64))
