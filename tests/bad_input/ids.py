"""Ids: what is no id, what no system can carry, and what looks hostile but is plain text."""

import unicodedata

from tests.bad_input.kinds import RowKind, kept, quarantined

UNUSABLE, MISSING = ("unusable_id",), ("missing_customer",)
PLACEHOLDER = "validation warns of it (`customer_id_not_a_placeholder`)"
MERGED = "kept apart, as delivered"


def id_kept(name: str, *values: str, note: str = "plain text, from here into Postgres") -> RowKind:
    """Customer ids that are kept as they are."""
    return kept(name, "who", "customer_id", *values, note=note)


IDS = (
    quarantined("no customer", "who", "", "   ", reasons=MISSING),
    quarantined(
        "a customer of blanks that cannot be seen",
        "who",
        "\u00a0",
        "\u3000 ",
        "\u200b",
        "\ufeff",
        "\t",
        reasons=MISSING,
    ),
    quarantined("a line break in an id", "who", "two\nlines", "two\r\nlines", reasons=UNUSABLE),
    quarantined("a NUL in an id", "who", "nul\0id", reasons=UNUSABLE),
    quarantined("a tab in an id", "who", "c\t1", reasons=UNUSABLE),
    quarantined("an escape sequence in an id", "who", "\x1b[31mred", "\x7f", "\x85c", "a\u2028b", reasons=UNUSABLE),
    quarantined("bytes that could not be decoded in an id", "who", "K\ufffdln", reasons=UNUSABLE),
    quarantined("an id of more than 200 characters", "who", "x" * 201, reasons=UNUSABLE),
    quarantined("a line break in an order id", "order", "1\n2", reasons=UNUSABLE),
    quarantined("a NUL in an article id", "sku", "A\0", reasons=UNUSABLE),
    id_kept("an id of 40 digits", "9" * 40, "0" * 40),
    id_kept("quotation marks in an id", 'O"Neil', "O'Neil", '""', "`"),
    id_kept("SQL in an id", "Robert'); DROP TABLE clv.run;--", "' OR '1'='1", "1; SELECT pg_sleep(9)", "$1 :id %s {x}"),
    id_kept("what COPY takes for a null or for its end", "\\N", "\\.", "\\", "\\\\N"),
    id_kept("a spreadsheet formula for an id", "=1+1", "@SUM(A1)", "+49"),
    id_kept("markup in an id", "<script>alert(1)</script>", "${jndi:ldap://x}", "{{ 7*7 }}"),
    id_kept("a path for an id", "../../etc/passwd", "C:\\dir", "/", "a/b=c"),
    id_kept("an emoji in an id", "😀", "👩‍👩‍👧"),
    id_kept("an id that runs from right to left", "لعميل", "\u202eabc"),
    id_kept("separators in an id", "a,b", "a;b", "a|b", "a=b"),
    id_kept("an id of 200 characters", "y" * 200),
    id_kept("blanks around an id", " c1", "c1 ", note="kept apart; validation warns of it (`customer_id_tidy`)"),
    id_kept(
        "one id in two Unicode forms",
        unicodedata.normalize("NFC", "Zoë"),
        unicodedata.normalize("NFD", "Zoë"),
        note=MERGED,
    ),
    id_kept("one id in two cases", "ABC", "abc", note=MERGED),
    id_kept("one number in several spellings", "007", "7", "7.0", "7e0", note=MERGED),
    id_kept("a null in words for an id", "null", "NULL", "None", "NA", "nan", "N/A", "-", note=PLACEHOLDER),
    RowKind(
        name="one order of two customers",
        rows=({"order": "shared", "who": "x1"}, {"order": "shared", "who": "x2"}),
        clean=({"order_id": "shared", "customer_id": "x1"}, {"order_id": "shared", "customer_id": "x2"}),
        note="an order of each",
    ),
    RowKind(
        name="no order id",
        rows=({"order": ""},),
        clean=({"order_id": "c1@2011-11-05T10:00:00"},),
        note="all lines of a customer at one moment are an order",
    ),
    RowKind(name="a row twice in a file", rows=({}, {}, {}), rejected=(("duplicate",), ("duplicate",)), clean=({},)),
    RowKind(
        name="a customer that is not in the list",
        rows=({"who": "unknown"},),
        clean=({"customer_id": "unknown"},),
        note="validation warns of many (`customer_id_listed`)",
    ),
    RowKind(
        name="several things wrong in one row",
        rows=({"when": "never", "who": "", "qty": "x", "price": "NaN"},),
        rejected=(("unreadable_time", "missing_customer", "unreadable_units", "unreadable_price"),),
        note="every reason is recorded",
    ),
    quarantined("a login of nobody", "who", "", reasons=MISSING, table="sessions"),
    quarantined("a NUL in the id of a login", "who", "nul\0", reasons=UNUSABLE, table="sessions"),
    RowKind(name="a login twice", rows=({}, {}), rejected=(("duplicate",),), clean=({},), table="sessions"),
    quarantined("an account of nobody", "id", "", reasons=MISSING, table="customers"),
    RowKind(
        name="two accounts of one customer",
        rows=({"id": "t1"}, {"id": "t1", "land": "France"}),
        rejected=(("repeated_customer",),),
        clean=({"customer_id": "t1", "country": "France"},),
        table="customers",
        note="the first by content stays, whatever the order of the rows",
    ),
    RowKind(
        name="a membership that is none",
        rows=({"id": "m1", "plan": "gold"}, {"id": "m2", "plan": "1"}),
        rejected=(("unknown_membership",),) * 2,
        table="customers",
    ),
    RowKind(
        name="a membership in capitals, or none at all",
        rows=({"id": "m3", "plan": " ANNUAL "}, {"id": "m4", "plan": ""}),
        clean=({"customer_id": "m3", "membership": "annual"}, {"customer_id": "m4"}),
        table="customers",
    ),
    quarantined("an article without an id", "sku", "", reasons=("missing_product",), table="products"),
    RowKind(
        name="an article without a department",
        rows=({"sku": "p1", "aisle": ""},),
        rejected=(("missing_department",),),
        table="products",
    ),
    RowKind(
        name="one article in two departments",
        rows=({"sku": "p2"}, {"sku": "p2", "aisle": "zzz"}),
        rejected=(("repeated_product",),),
        clean=({"product_id": "p2"},),
        table="products",
        note="the first by content stays",
    ),
)
