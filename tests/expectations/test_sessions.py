from datetime import UTC, datetime

from expectations import sessions
from expectations.volume import reference_months
from jobs.core.month import Month
from jobs.lake.tables import CUSTOMERS, SESSIONS
from tests.expectations.conftest import Broken, MakeRows

MONTH = Month(2011, 11)
GOOD = {"customer_id": "c1", "logged_in_at": datetime(2011, 11, 1, tzinfo=UTC)}
HISTORY = {month: {"rows": 10_000.0, "customers": 900.0, "order_days": 30.0} for month in reference_months(MONTH)}
GOOD_TOTALS = {"rows": 9_000, "customers": 880, "order_days": 30, "silent_days_at_end": 0, "rejected_share": 0.0}


def test_good_logins_pass(make_rows: MakeRows, broken: Broken) -> None:
    customers = make_rows(CUSTOMERS, {"customer_id": "c1"}, {})
    logins = make_rows(SESSIONS, GOOD, {}, {})
    assert broken(sessions.suite(MONTH, customers=True), logins, customers=customers) == {}
    assert broken(sessions.totals_suite(HISTORY, MONTH, usual_gap_days=0), GOOD_TOTALS) == {}


def test_each_bad_login_breaks_its_rule_alone(make_rows: MakeRows, broken: Broken) -> None:
    logins = make_rows(
        SESSIONS,
        GOOD,
        {},
        {"customer_id": None},
        {"customer_id": " "},
        {"logged_in_at": None},
        {"logged_in_at": datetime(2011, 12, 1, tzinfo=UTC)},
    )
    customers = make_rows(CUSTOMERS, {}, {"customer_id": "c2"})
    assert broken(sessions.suite(MONTH, customers=True), logins, customers=customers) == {
        "customer_id_filled": 1,
        "customer_id_tidy": 1,
        "logged_in_at_filled": 1,
        "logged_in_at_in_month": 1,
        "customer_id_listed": 4,
    }


def test_a_month_of_logins_that_did_not_arrive_breaks_its_rules(broken: Broken) -> None:
    totals = dict.fromkeys(GOOD_TOTALS, 0.0) | {"silent_days_at_end": 30, "rejected_share": 1.0}
    suite = sessions.totals_suite(HISTORY, MONTH, usual_gap_days=0)
    assert set(broken(suite, totals)) == {verdict.meta["rule"] for verdict in suite.expectations}
