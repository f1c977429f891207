"""Validate frames against their expectation suites, and add the results to the Data Docs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.core import RunIdentifier
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.datasource.fluent import PandasDatasource, SparkDatasource
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.rules import figure
from jobs.core.messages import without_values
from jobs.quality.findings import DATA_DOCS, EXAMPLES, RuleResult, critical_failures
from jobs.quality.offline_pages import copy_assets, make_offline

RESULTS_LISTED = 500
"""Results that the index of the Data Docs shows, newest first; it is rebuilt by reading each of them."""
# Counts without lists of values: the lists cost a Spark job a rule, and examples are looked up for failures alone.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}

_MISSING_COLUMN = re.compile(r'The column "[^"]+" in BatchData does not exist')
"""What Great Expectations says of a rule's column that a frame lacks; it quotes no row."""


@dataclass(frozen=True)
class Stored:
    """Rows, and the folder that stores them."""

    rows: DataFrame
    folder: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """A suite and the frame to validate with it.

    Attributes:
        suite: the rules.
        frame: the rows under test; those of one stored period, or figures (pandas).
        keys: the columns that identify a row.
        place: where the rows are stored, for messages.
        tables: the stored tables that the rules' queries name; `rows` are the rows under test.
        is_contract: whether a critical failure stops the validation, because later rules cannot be evaluated.
    """

    suite: gx.ExpectationSuite
    frame: DataFrame | pd.DataFrame
    keys: Sequence[str]
    place: str
    tables: Mapping[str, Stored] = field(default_factory=dict)
    is_contract: bool = False

    @property
    def spark(self) -> SparkSession:
        """The session of the stored tables."""
        return self.tables["rows"].rows.sparkSession


def run_checks(checks: Iterable[Check], *, as_of: date, run_id: int, reports: Path) -> list[RuleResult]:
    """Validate every frame with its suite and add the results to the Data Docs below `reports`; one result a rule."""
    context = _context(reports)
    site = reports.resolve() / DATA_DOCS
    run = RunIdentifier(run_name=f"{as_of}_run_{run_id}", run_time=datetime.combine(as_of, time(), UTC))
    results: list[RuleResult] = []
    built: list[Any] = []
    pages = [site / "index.html"]
    for check in checks:
        suite = context.suites.add_or_update(check.suite)
        asset = _data_source(context, check.frame).add_dataframe_asset(suite.name)
        batch = asset.add_batch_definition_whole_dataframe(suite.name)
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(name=suite.name, data=batch, suite=suite)
        )
        views = _register(check)
        parameters = {"dataframe": _evaluated(check, views)}
        validation = definition.run(batch_parameters=parameters, result_format=RESULT_FORMAT, run_id=run)
        of_suite = ExpectationSuiteIdentifier(name=suite.name)
        of_result = ValidationResultIdentifier(of_suite, run, validation.batch_id)
        built += [of_suite, of_result]
        page = _page(site, of_result)
        pages += [_page(site, of_suite), page]
        results += [_rule_result(check, views, single, page.as_uri()) for single in validation.results]
        if check.is_contract and critical_failures(results):
            break
    context.build_data_docs(resource_identifiers=built)
    copy_assets(site)
    make_offline(site, pages)
    return results


def _page(site: Path, identifier: ExpectationSuiteIdentifier | ValidationResultIdentifier) -> Path:
    kind = "expectations" if isinstance(identifier, ExpectationSuiteIdentifier) else "validations"
    *folders, name = identifier.to_tuple()  # type: ignore[no-untyped-call]
    return site.joinpath(kind, *folders, f"{name}.html")


def _context(reports: Path) -> EphemeralDataContext:
    """An ephemeral context; its suites and results are stored on disk, because the Data Docs link to earlier runs."""
    root = reports.resolve()

    def folder(name: str) -> dict[str, str]:
        return {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(root / name)}

    defaults = InMemoryStoreBackendDefaults()
    stores = dict(defaults.stores)
    stores[defaults.expectations_store_name] = {
        "class_name": "ExpectationsStore",
        "store_backend": folder("great_expectations/suites"),
    }
    stores[defaults.validation_results_store_name] = {
        "class_name": "ValidationResultsStore",
        "store_backend": folder("great_expectations/results"),
    }
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": folder(DATA_DOCS),
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", "validation_results_limit": RESULTS_LISTED},
    }
    config = DataContextConfig(
        store_backend_defaults=defaults,
        stores=stores,
        data_docs_sites={DATA_DOCS: site},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _data_source(context: EphemeralDataContext, frame: DataFrame | pd.DataFrame) -> SparkDatasource | PandasDatasource:
    """The data source of a frame's kind. A Spark data source would start a session, so figures get a pandas one."""
    known = context.data_sources.all()
    if isinstance(frame, DataFrame):
        return known.get("lake") or context.data_sources.add_spark("lake", persist=False)
    return known.get("figures") or context.data_sources.add_pandas("figures")


def _register(check: Check) -> dict[str, str]:
    """Register the check's tables as views; returns name in the rules' queries → name of the view."""
    views = {name: f"{check.suite.name}__{name}" for name in check.tables}
    for name, view in views.items():
        check.tables[name].rows.createOrReplaceTempView(view)
    return views


def _evaluated(check: Check, views: Mapping[str, str]) -> DataFrame | pd.DataFrame:
    """The columns that the rules name, plus one for each predicate and one for the row count of each query."""
    metas = [rule.meta or {} for rule in check.suite.expectations]
    predicates = {meta["rule"]: meta["predicate"].format(**views) for meta in metas if "predicate" in meta}
    if isinstance(check.frame, DataFrame):
        named = [rule.configuration.kwargs for rule in check.suite.expectations]
        columns = dict.fromkeys(
            column for kwargs in named for column in kwargs.get("column_list", [kwargs.get("column")])
        )
        return check.frame.select(*(F.expr(predicates.get(name, name)).alias(name) for name in columns))
    frame = check.frame.copy()
    for name, predicate in predicates.items():
        frame[name] = check.frame.eval(predicate, engine="python")
    for meta in metas:
        if "found_by" in meta:
            frame[meta["rule"]] = check.spark.sql(meta["found_by"].format(**views)).count()
    return frame


def _rule_result(check: Check, views: Mapping[str, str], single: Any, page: str) -> RuleResult:
    rule = single.expectation_config
    error = "; ".join(_errors(single.exception_info))
    rows = None
    if error:
        observed = f"an error: {error}"
    elif "element_count" in single.result:
        rows = single.result["unexpected_count"] or 0  # GX counts None in a frame without rows
        observed = f"{figure(rows)} of {figure(single.result['element_count'])} rows"
    else:
        observed = figure(single.result["observed_value"])
    is_broken = not single.success and not error
    query, examples = _broken_rows(check, views, rule.meta) if is_broken else (None, [])
    return RuleResult(
        suite=check.suite.name,
        rule=rule.meta["rule"],
        says=rule.meta["says"],
        severity="critical" if error else rule.severity.value,
        column=_column(rule),
        passed=single.success,
        observed=observed,
        allowed=rule.meta["allowed"],
        rows=rows,
        place=check.place,
        query=query,
        examples=examples,
        page=page,
    )


def _column(rule: Any) -> str | None:
    """The column that a rule is about; a predicate and a query are evaluated as columns, but are none."""
    if "predicate" in rule.meta or "found_by" in rule.meta:
        return None
    columns = rule.kwargs.get("column_list") or [rule.kwargs.get("column")]
    return ", ".join(column for column in columns if column) or None


def _errors(exception_info: Mapping[str, Any]) -> Iterator[str]:
    """The messages of what was raised inside an expectation, for itself or for each of its metrics; without values."""
    metrics = [exception_info] if "raised_exception" in exception_info else exception_info.values()
    for metric in metrics:
        if metric["raised_exception"]:
            message = str(metric["exception_message"])
            missing = _MISSING_COLUMN.search(message)
            yield missing[0] if missing else without_values(message)


def _broken_rows(check: Check, views: Mapping[str, str], meta: Mapping[str, str]) -> tuple[str | None, list[str]]:
    """The query for the rows that break a rule, which runs in any Spark session, and the first of those rows by key."""
    if isinstance(check.frame, pd.DataFrame) and "broken_by" in meta:
        broken = check.frame.query(meta["broken_by"], engine="python")
        return None, [_named(row, check.keys) for row in broken.head(EXAMPLES).to_dict("records")]
    query = meta.get("found_by")
    if query is None and "broken_by" in meta:
        query = f"SELECT * FROM {{rows}} WHERE {meta['broken_by']}"  # noqa: S608 - a rule of ours
    if query is None:
        return None, []
    first = check.spark.sql(query.format(**views)).select(*check.keys).orderBy(*check.keys).limit(EXAMPLES)
    examples = list(dict.fromkeys(_named(row.asDict(), check.keys) for row in first.collect()))
    return query.format(**{name: f"parquet.`{table.folder}`" for name, table in check.tables.items()}), examples


def _named(row: Mapping[Any, Any], keys: Sequence[str]) -> str:
    return ", ".join(f"{key}={figure(row[key])}" for key in keys)
