"""The classic modelling steps: what is done otherwise in each, what came of it, and whether production does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.variants import AS_IS
from jobs.forecasting.tuning import LEAST_GAIN, SURE, worth_it

SHOWN = {"wape": "WAPE", "norm_gini": "Gini", "spearman": "Spearman", "total_ratio": "total"}
"""Metric → heading."""

Found = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """A step, what was done instead, and what came of it.

    Attributes:
        title: its name.
        text: what is compared.
        variants: the variants of it (`variants.VARIANTS`).
        kept: whether production does as the variants do.
        why: the reason.
        notes: lines on each origin, from its results.
    """

    title: str
    text: str
    variants: tuple[str, ...]
    kept: bool
    why: str
    notes: Callable[[Found], Iterator[str]] = lambda _: iter(())


def _dropped(origin: Found) -> Iterator[str]:
    if "without_sparse" in origin["about"]:
        yield f"dropped {_code(origin['about']['without_sparse']['dropped'])}"


def _texts(origin: Found) -> Iterator[str]:
    if "target_encoded" in origin["about"]:
        texts = origin["about"]["target_encoded"]["texts"]
        yield "texts: " + ", ".join(f"`{name}` with {count}" for name, count in texts.items())


def _survivors(origin: Found) -> Iterator[str]:
    yield f"{origin['inputs']} inputs, of which {origin['collinear_pairs']} pairs correlate by more than 0.9"
    for name, words in (("lasso", "Lasso"), ("importance", "importance")):
        yield f"{words} keeps {origin['about'][name]['survivors']} of {origin['inputs']}"


def _search(origin: Found) -> Iterator[str]:
    found = origin["about"]["tuned"]
    changed = ", ".join(f"{name} {value:g}" for name, value in found["settings"].items())
    yield f"best of {found['trials']}: {changed}"
    sure = f"{found['confirmed']:+.1%}, smaller in {found['sure']:.0%} of the resamples"
    yield f"gain in WAPE on the months to choose by {found['chosen']:+.1%}, on those to confirm by {sure}"
    ahead = 1.0 - origin["models"]["tuned"]["wape"] / origin["models"][AS_IS]["wape"]
    yield f"gain in WAPE on the six months after the origin {ahead:+.1%}"
    adopted = "would" if worth_it(found["confirmed"], found["sure"]) else "would not"
    yield f"production {adopted} adopt it ({LEAST_GAIN:.0%} and {SURE:.0%} are needed)"


def _folds(origin: Found) -> Iterator[str]:
    found = origin["about"]["unseen_customers"]
    figures = "; ".join(
        f"{heading} {found['k_fold'][name]:.3f} by k-fold, {found['out_of_time'][name]:.3f} out of time"
        for name, heading in SHOWN.items()
    )
    yield f"same customers, the six months from {found['before']} on: {figures}"


STEPS = (
    Step(
        "Columns that are mostly missing",
        "Inputs that more than half of the buyers lack are dropped; ours keeps them.",
        ("without_sparse",),
        False,
        "nothing is gained. Trees send a missing value to the side that fits, and that somebody has no order in a "
        "window is itself news.",
        _dropped,
    ),
    Step(
        "Model-based imputation",
        "Missing numbers are filled by chained regressions (MICE), or from the ten most similar customers; ours leaves "
        "them to XGBoost, which learns a default direction at every split.",
        ("imputed_by_regression", "imputed_by_neighbours"),
        False,
        "what one shop gains by it, under half a point of WAPE, another loses: too little for one more model that is "
        "fitted, versioned and run monthly.",
    ),
    Step(
        "One-hot and target encoding",
        "Texts with up to five values become one column each, others the mean yearly value of the other folds' "
        "customers; ours numbers the thirty most frequent ones by frequency.",
        ("target_encoded",),
        False,
        "what a text tells of value is mostly told by the customer's own purchases.",
        _texts,
    ),
    Step(
        "Collinear inputs",
        "A cross-validated Lasso on the newest matured snapshot, or the inputs with nine tenths of our trees' gain, "
        "choose what may stay; no principal components, which nobody could read in a reason. The four inputs that the "
        "starting model needs always stay, and so do the season-adjusted months.",
        ("lasso", "importance"),
        False,
        "half to two thirds of the inputs would nearly do, and dropping the others gains nothing: trees share out what "
        "inputs have in common. All stay, for the reasons told of them and for shops where others matter.",
        _survivors,
    ),
    Step(
        "Random Forest",
        "A Random Forest that forecasts the sum from every matured snapshot, on our inputs.",
        ("random_forest",),
        False,
        "it forecasts one horizon alone, and only learns from snapshots whose whole horizon is over, which in a "
        "young shop are those of other seasons. It stays in every training's evaluation, as a benchmark.",
    ),
    Step(
        "Tuning",
        "A seeded random search over trees, depth, leaf size, learning rate and pruning, chosen on months before the "
        "origin; judged here are its best settings, even where production would not adopt them.",
        ("tuned",),
        False,
        "the defaults stay, since the gain does not last. `make tune` searches on a shop's own months when asked, "
        "and adopts what is confirmed ([ADR 0011](decisions/0011-tuning.md)).",
        _search,
    ),
    Step(
        "K-fold by customer",
        "Each customer is forecast by a forecaster that never saw him. Beside it, what a k-fold says of months that it "
        "knows of the other customers, and what the same months were out of time.",
        ("unseen_customers",),
        True,
        "as a second look in every training's evaluation: who was never seen is forecast nearly as well, so customers "
        "are not learned by heart. Models are judged out of time: a k-fold knows the months, so the level that it "
        "shows is another, and its ranking is no worse.",
        _folds,
    ),
)


def _code(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
