from __future__ import annotations

import pytest

from jobs.core.arguments import a_month, parser
from jobs.core.month import Month
from jobs.core.refusal import RefusedError


def test_an_argument_that_is_no_month_is_refused_with_the_remedy() -> None:
    options = parser("")
    options.add_argument("--month", type=a_month)

    assert options.parse_args(["--month", "2011-11"]).month == Month(2011, 11)
    for text in ("", "banana", "2011-13"):
        with pytest.raises(RefusedError, match=r"argument --month: .*is not a month: give YYYY-MM"):
            options.parse_args(["--month", text])
