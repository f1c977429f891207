from __future__ import annotations

import pytest

from jobs.core.settings import VARIABLES, Settings, SettingsError


def test_a_job_needs_the_variables_it_uses_and_no_others() -> None:
    assert Settings(environ={"CLV_DATABASE_URL": "postgresql://"}).database_url == "postgresql://"


def test_the_error_names_the_variable_that_is_needed_and_all_others_that_are_not_set() -> None:
    environ = {name: "set" for name in VARIABLES if name not in ("CLV_LAKE", "CLV_REPORTS")} | {"CLV_LAKE": ""}
    with pytest.raises(SettingsError, match=r"^CLV_LAKE is not set; also not set: CLV_REPORTS\. "):
        _ = Settings(environ=environ).lake
