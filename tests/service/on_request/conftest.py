"""A service with a champion that was fitted on the golden shop, whose features need no Spark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.service.on_request.live_model import LiveModel
from tests.conftest import Database
from tests.features.customer_by_customer import cuts_of
from tests.golden_month.golden import AS_OF, MONTH, SHOP
from tests.golden_month.raw import SOURCE, RawShop
from tests.service.on_request.champions import Fixed
from tests.service.running import Service, serving
from tests.snapshots import QUICK, model_frames


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> RawShop:
    return RawShop.simulated(tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="session")
def frames(shop: RawShop) -> dict[object, pd.DataFrame]:
    """Every snapshot, as a training reads it."""
    as_ofs = [month.as_of for month in SHOP.first.through(MONTH)]
    return dict(model_frames({as_of: pd.DataFrame(shop.snapshot(as_of)) for as_of in as_ofs}))


@pytest.fixture(scope="session")
def forecaster(
    shop: RawShop, frames: dict[object, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> Forecaster:
    """As it is loaded from a registered version's files."""
    folder: Path = tmp_path_factory.mktemp("model")
    fitted = fit(frames, as_of=AS_OF, params=QUICK)
    replace(fitted, rfm_cuts=cuts_of(shop.snapshot(AS_OF))).save(folder)
    return Forecaster.load(folder)


@pytest.fixture(scope="session")
def live(shop: RawShop, forecaster: Forecaster) -> LiveModel:
    """Version 3."""
    assert forecaster.rfm_cuts is not None
    cuts = {AS_OF: forecaster.rfm_cuts}
    return LiveModel(version=3, forecaster=forecaster, source=SOURCE, products=shop.lists, cuts=cuts, state=("3",))


@pytest.fixture(scope="module")
def service(module_database: Database, live: LiveModel) -> Iterator[Service]:
    limits = {"requests_per_second": 10_000, "burst": 10_000}
    with serving(module_database, live_champion=Fixed(live), **limits) as running:
        yield running


@pytest.fixture(scope="module")
def caller(service: Service) -> str:
    """A key that may forecast."""
    return service.key("caller", "forecast")
