"""All kinds of bad input, in the order of `docs/bad_input.md`."""

from tests.bad_input.amounts import AMOUNTS
from tests.bad_input.csv_files import CSV_FILES
from tests.bad_input.files import FILES
from tests.bad_input.ids import IDS
from tests.bad_input.places import PLACES
from tests.bad_input.times import TIMES
from tests.bad_input.together import MAPPINGS, MONTHS

ROWS = (*AMOUNTS, *TIMES, *IDS, *CSV_FILES)
REFUSED = (*FILES, *PLACES)

__all__ = ["MAPPINGS", "MONTHS", "REFUSED", "ROWS"]
