"""The page of a run: one HTML file that needs no internet.

It shows the forecast, how right earlier ones were, why the total changed, how sound the data is, and what has drifted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy import Engine

from jobs.core.month import Month
from jobs.publishing.month_page import figures, wording
from jobs.publishing.month_page.content import Content, read_content
from jobs.publishing.month_page.data_quality import soundness
from jobs.publishing.month_page.drift import KINDS, distance
from jobs.publishing.month_page.movement import who_moved, why

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
        places: what can be looked at → its address; files and addresses of this machine are left out.

    Returns:
        the file.

    Raises:
        UnknownRunError: the run does not exist.
    """
    content = read_content(engine, run_id)
    path = page_file(reports, Month.before(content.run["as_of"]), run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(page(content, places), encoding="utf-8")
    unfinished.replace(path)
    return path


def page_file(reports: Path, month: Month, run_id: int) -> Path:
    """The file of a run's page."""
    return reports / _FOLDER / str(month) / f"run-{run_id}.html"


def page(content: Content, places: Mapping[str, str]) -> str:
    """The page as HTML. Everything that comes from data is escaped, the plots included."""
    money = wording.Money(content.run["currency"] or "")
    return _TEMPLATES.get_template("page.html.j2").render(
        content=content,
        money=money,
        headline=headline(content, money),
        certainty=certainty(content, money),
        track_record=track_record(content),
        in_short=in_short(content, money),
        why=why(content.movement, money),
        who_moved=who_moved(content.movement),
        distance=distance(content.drift, content.run["status"]),
        kinds=KINDS,
        words=wording,
        data_month=wording.month_name(Month.before(content.run["as_of"]).first_day),
        last_month=_last_month(content),
        plots={
            "outlook": Markup(figures.outlook(content.actual, content.months) if content.months else ""),
            "totals": Markup(figures.totals_over_time(content.past_totals)),
            "calibration": Markup(figures.calibration(content.deciles)),
            "bridge": Markup(figures.bridge(content.movement.steps)),
        },
        places={name: place for name, place in places.items() if _opens_elsewhere(place)},
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


def in_short(content: Content, money: wording.Money) -> list[tuple[str, str, str]]:
    """A sentence from each section below the record that has something to say: heading, place on the page, sentence."""
    sentences = [
        ("Movement", "movement", why(content.movement, money)),
        ("Data quality", "data-quality", soundness(content.quality)),
        ("Drift", "drift", distance(content.drift, content.run["status"]) if content.totals else ""),
    ]
    return [entry for entry in sentences if entry[-1]]


def _last_month(content: Content) -> str:
    return wording.month_name(Month.of(content.run["as_of"]).plus(11).first_day)


def _opens_elsewhere(place: str) -> bool:
    """Whether a recipient of the page can open an address: it is no file, and not on the loopback interface."""
    address = urlsplit(place)
    return address.scheme in ("http", "https") and address.hostname not in ("localhost", "127.0.0.1")
