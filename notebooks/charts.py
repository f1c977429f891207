"""The charts of the notebooks: each draws figures that were computed elsewhere on the axes it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import matplotlib as mpl
import numpy as np
import pandas as pd
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, PercentFormatter

from jobs.forecasting.encoder import Floats
from jobs.forecasting.metrics import decile_means, gain_curve

BLUE, RED, GREY = "#4c72b0", "#c44e52", "#8c8c8c"
_COLOURS = [RED, BLUE, "#55a868", "#8172b3", "#ccb974"]
_POUNDS = EngFormatter(places=None, sep="")
_SHARE = PercentFormatter(1.0, decimals=0)
_LEAST_SHOWN = 10.0


def use_style() -> None:
    """Small pictures without a frame; figures in tables with as many digits as they deserve."""
    mpl.rcParams |= {
        "figure.dpi": 80,
        "font.size": 10,
        "axes.titlesize": 11,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": cycler(color=_COLOURS),
        "legend.frameon": False,
    }
    pd.options.display.max_colwidth = None
    pd.options.display.float_format = lambda number: f"{number:,.0f}" if abs(number) >= 100 else f"{number:,.3f}"


def panels(count: int = 1, *, width: float = 11.0, height: float = 3.6) -> tuple[Figure, list[Axes]]:
    """A figure with axes side by side; width and height in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(1, count, squeeze=False)[0])


def title(axes: Axes, text: str, x: str, y: str) -> None:
    """Say what is drawn, with units on both axes."""
    axes.set_title(text, loc="left")
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def log_histogram(axes: Axes, values: pd.Series, *, colour: str = BLUE) -> None:
    """How positive amounts of money spread, on a logarithmic axis, with the median."""
    positive = values[values > 0]
    least, most = positive.quantile([0.0005, 0.9995]).tolist()
    axes.hist(positive, bins=np.geomspace(least, most, 50).tolist(), color=colour)
    median = positive.median()
    axes.axvline(median, color="black", linewidth=1, linestyle=":")
    axes.annotate(f" median £{median:,.0f}", (median, axes.get_ylim()[1] * 0.95))
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(_POUNDS)


def counts(axes: Axes, values: pd.Series, *, most: int) -> None:
    """How many customers have 1, 2, … of something; `most` stands for that many and more."""
    customers = values.clip(upper=most).value_counts().reindex(range(1, most + 1), fill_value=0)
    axes.bar(customers.index, customers.to_numpy(), color=BLUE)
    axes.set_xticks([1, *range(5, most + 1, 5)], ["1", *map(str, range(5, most, 5)), f"{most}+"])


def sales_and_returns(axes: Axes, months: pd.DataFrame) -> None:
    """Sales upwards, returns downwards, one bar a month (index: `YYYY-MM`; columns: sales, returns)."""
    axes.bar(months.index, months["sales"], color=BLUE, label="sales")
    axes.bar(months.index, -months["returns"], color=RED, label="returns")
    axes.axhline(0.0, color="black", linewidth=0.8)
    axes.yaxis.set_major_formatter(_POUNDS)
    axes.tick_params(axis="x", rotation=90)
    axes.legend(ncols=2)


def shares(axes: Axes, values: pd.Series, *, colour: str = BLUE) -> None:
    """One bar a name, the largest on top, with its share written beside it."""
    ordered = values.sort_values()
    bars = axes.barh(ordered.index.astype(str), ordered.to_numpy(), color=colour)
    axes.bar_label(bars, labels=[f" {share:.1%}" for share in ordered], fontsize=8)
    axes.xaxis.set_major_formatter(_SHARE)
    axes.set_xlim(right=ordered.max() * 1.15)


def concentration(axes: Axes, value: Floats) -> None:
    """The share of all value that the best customers bring, best first."""
    curve = gain_curve(value, value)
    axes.plot(np.linspace(0.0, 1.0, len(curve)), curve, color=BLUE)
    for share in (0.01, 0.1, 0.2):
        held = curve[int(np.ceil(share * len(value)))]
        axes.plot(share, held, "o", color=RED)
        axes.annotate(f"best {share:.0%}: {held:.0%}", (share, held), xytext=(8, -10), textcoords="offset points")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":")
    axes.xaxis.set_major_formatter(_SHARE)
    axes.yaxis.set_major_formatter(_SHARE)


def retention(figure: Figure, axes: Axes, share: pd.DataFrame) -> None:
    """Share of each cohort that orders again, a row a cohort, a column a month since its first order."""
    image = axes.imshow(share, cmap="Blues", vmin=0.0, vmax=0.5, aspect="auto")
    axes.set_yticks(range(len(share)), list(share.index), fontsize=8)
    axes.set_xticks(range(0, share.shape[1], 2), list(share.columns[::2]))
    figure.colorbar(image, ax=axes, format=_SHARE, label="customers with an order")


def correlations(figure: Figure, axes: Axes, matrix: pd.DataFrame) -> None:
    """Pearson correlations as a heat map; those above 0.9 in size are written out."""
    image = axes.imshow(matrix, cmap="RdBu_r", vmin=-1.0, vmax=1.0)
    names = list(matrix.index)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    for row, column in np.argwhere(np.abs(matrix.to_numpy()) > 0.9):
        if row != column:
            label = f"{matrix.iloc[row, column]:.2f}".replace("0.", ".")
            axes.text(column, row, label, ha="center", va="center", fontsize=7, color="white")
    figure.colorbar(image, ax=axes, label="Pearson correlation", shrink=0.8)


def windows(axes: Axes, days: pd.Series, as_of: date, lengths: Sequence[int]) -> None:
    """One customer's net value by day (index: the day), and the windows that end the day before `as_of`."""
    past, end = days.index < pd.Timestamp(as_of), float(date2num(as_of))
    axes.vlines(days.index[past], 0.0, days[past], color=BLUE, linewidth=3, label="known at as_of")
    axes.vlines(days.index[~past], 0.0, days[~past], color=GREY, linewidth=3, alpha=0.5, label="still to come")
    axes.axvline(end, color="black", linewidth=1)
    top = days.max()
    for level, length in enumerate(lengths, start=1):
        height = -top * 0.1 * level
        axes.plot([end - length, end], [height, height], color=RED, linewidth=2)
        axes.annotate(f" {length} d", (end, height), va="center", fontsize=8, color=RED)
    axes.set_yticks([tick for tick in axes.get_yticks() if 0.0 <= tick <= top])
    axes.axhline(0.0, color="black", linewidth=0.8)
    axes.legend(loc="upper left")


def calibration(axes: Axes, actual: Floats, forecasts: Mapping[str, Floats]) -> None:
    """Mean actual against mean forecast of each decile of a forecast; on the diagonal the money is right.

    Both axes are logarithmic from £10 on; deciles below that are not shown.
    """
    for name, forecast in forecasts.items():
        means = decile_means(actual, forecast)
        axes.plot(means[:, 0], means[:, 1], "o-", label=name, markersize=4, linewidth=1.2)
    reach = [_LEAST_SHOWN, axes.get_xlim()[1]]
    axes.plot(reach, reach, color="black", linestyle=":", label="perfect")
    axes.set(xscale="log", yscale="log", xlim=(reach[0], None), ylim=(reach[0], None))
    axes.xaxis.set_major_formatter(_POUNDS)
    axes.yaxis.set_major_formatter(_POUNDS)
    axes.legend(fontsize=8)


def months(axes: Axes, names: Sequence[str], forecast: Floats, actual: Floats, ends: Floats | None = None) -> None:
    """Money of each month, forecast and actual; `ends`: lower and upper end of an interval, shape (2, months)."""
    if ends is not None:
        axes.fill_between(names, ends[0], ends[1], color=RED, alpha=0.2, label="80 % interval")
    axes.plot(names, forecast, "o-", color=RED, label="forecast")
    axes.plot(names[: len(actual)], actual, "o-", color="black", label="actual")
    axes.yaxis.set_major_formatter(_POUNDS)
    axes.set_ylim(bottom=0.0)
    axes.tick_params(axis="x", rotation=45)
    axes.legend()


def gains(axes: Axes, actual: Floats, forecasts: Mapping[str, Floats], *, most: float) -> None:
    """Share of the actual value that is reached by working down each forecast's ranking, to the share `most`."""
    share = np.linspace(0.0, 1.0, len(actual) + 1)
    for name, forecast in forecasts.items():
        axes.plot(share, gain_curve(actual, forecast), label=name, linewidth=1.2)
    axes.plot(share, gain_curve(actual, actual), color="black", linestyle=":", label="perfect")
    axes.xaxis.set_major_formatter(_SHARE)
    axes.yaxis.set_major_formatter(_SHARE)
    axes.set_xlim(0.0, most)
    axes.legend(fontsize=8, loc="lower right")


def pairs(axes: Axes, money: pd.DataFrame) -> None:
    """Two bars a group, forecast and actual (columns), one group a row."""
    place = np.arange(len(money))
    axes.bar(place - 0.2, money["forecast"], width=0.4, color=RED, label="forecast")
    axes.bar(place + 0.2, money["actual"], width=0.4, color="black", alpha=0.7, label="actual")
    axes.set_xticks(place, list(money.index.astype(str)))
    axes.yaxis.set_major_formatter(_POUNDS)
    axes.legend()
