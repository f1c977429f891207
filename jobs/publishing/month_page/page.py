"""The page of a run: one HTML file that shows the forecast, and how right earlier ones were, without the internet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy import Engine

from jobs.core.month import Month
from jobs.publishing.month_page import figures, wording
from jobs.publishing.month_page.content import Content, read_content

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=True,
)
_FOLDER = "months"


def write_page(engine: Engine, run_id: int, reports: Path, places: Mapping[str, str]) -> Path:
    """Write the page of a run to `months/<data month>/run-<id>.html`; the same run gives the same bytes.

    Args:
        engine: the forecast database.
        run_id: the run.
        reports: the folder of reports.
        places: what can be looked at → its address.

    Returns:
        the file.

    Raises:
        UnknownRunError: the run does not exist.
    """
    content = read_content(engine, run_id)
    path = reports / _FOLDER / str(Month.before(content.run["as_of"])) / f"run-{run_id}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(page(content, places), encoding="utf-8")
    unfinished.replace(path)
    return path


def page(content: Content, places: Mapping[str, str]) -> str:
    """The page as HTML. Everything that comes from data is escaped, the plots included."""
    money = wording.Money(content.run["currency"] or "")
    return _TEMPLATES.get_template("page.html.j2").render(
        content=content,
        money=money,
        headline=headline(content, money),
        certainty=certainty(content, money),
        track_record=track_record(content),
        words=wording,
        last_month=_last_month(content),
        plots={
            "outlook": Markup(figures.outlook(content.actual, content.months) if content.months else ""),
            "totals": Markup(figures.totals_over_time(content.past_totals)),
            "calibration": Markup(figures.calibration(content.deciles)),
        },
        places=places,
    )


def headline(content: Content, money: wording.Money) -> str:
    """The outlook in a sentence."""
    year = content.year
    if year is None:
        return f"Readers see no forecast of this run: it is {content.run['status']}."
    first, last = wording.month_name(content.run["as_of"]), _last_month(content)
    said = f"Customers are expected to bring {money.short(year.net_value)} from {first} to {last}"
    if year.net_value_before is not None and year.net_value_before > 0:
        said += f", {wording.more_or_less(year.net_value, year.net_value_before)} forecast a month before"
    return f"{said}."


def certainty(content: Content, money: wording.Money) -> str:
    """The interval of the outlook in a sentence; empty where there is none."""
    year = content.year
    if year is None or year.p10 is None:
        return ""
    return (
        f"With a probability of 80 %, it will be between {money.short(year.p10)} and {money.short(year.p90)}. "
        "Customers who come later are not in it."
    )


def track_record(content: Content) -> str:
    """How right earlier forecasts were, in a sentence."""
    if not content.record:
        first = wording.month_name(content.run["as_of"])
        return f"No forecast can be compared with what came yet: the first one can once {first} is over."
    longest = content.record[-1]
    number, horizon = longest["forecasts"], wording.months(longest["horizon_months"])
    forecasts = f"The {number} forecasts" if number > 1 else "The only forecast"
    said = f"{forecasts} of {horizon} whose months are over"
    if longest["total_ratio"] is None:
        return f"{said} cannot be compared: nothing was sold."
    verb = "were" if number > 1 else "was"
    said += f" {verb} {wording.off(longest['total_ratio'])} in total"
    if longest["intervals"]:
        said += f"; {longest['covered_totals']} of {longest['intervals']} actual totals lay within the 80 % interval"
    return f"{said}."


def _last_month(content: Content) -> str:
    return wording.month_name(Month.of(content.run["as_of"]).plus(11).first_day)
