from docs.generate.quality_rules import quality_rules
from tests.conftest import ROOT


def test_the_page_of_rules_is_that_of_the_suites() -> None:
    page = (ROOT / "docs" / "quality_rules.md").read_text(encoding="utf-8")
    assert page == quality_rules(), "run: python -m docs.generate.quality_rules > docs/quality_rules.md"
