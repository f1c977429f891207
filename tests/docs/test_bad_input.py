from docs.generate.bad_input import main
from tests.bad_input.table import MAPPINGS, MONTHS, REFUSED, ROWS


def test_the_page_of_bad_input_is_that_of_the_table() -> None:
    main(["--check"])


def test_no_two_kinds_share_a_name() -> None:
    names = [kind.name for kind in (*ROWS, *REFUSED, *MAPPINGS, *MONTHS)]
    assert len(set(names)) == len(names) >= 100
