from docs.generate.quality_rules import main


def test_the_page_of_rules_is_that_of_the_suites() -> None:
    main(["--check"])
