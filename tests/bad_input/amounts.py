"""Amounts and counts that are none, or too large, or odd."""

from tests.bad_input.kinds import RowKind, kept, quarantined

PRICE, UNITS = ("unreadable_price",), ("unreadable_units",)

AMOUNTS = (
    quarantined("a price that is no number", "price", "free", "1,50x", "--1", "1 2", "0x1F", "1_000", reasons=PRICE),
    quarantined("a price that is NaN", "price", "NaN", "nan", "#NUM!", reasons=PRICE),
    quarantined("an infinite price", "price", "Infinity", "-inf", "∞", reasons=PRICE),
    quarantined("a price of 1e309", "price", "1e309", "-1e309", reasons=PRICE),
    quarantined(
        "an exponent that would be computed for hours",
        "price",
        "1e-99999999",
        "1e99999999",
        "1e2147483648",
        reasons=PRICE,
    ),
    quarantined("a number of a thousand digits", "price", "9" * 1000, "0." + "1" * 1000, reasons=PRICE),
    quarantined("thousands separators", "price", "1,234.50", "1.234,50", "1'234.50", "1 234.50", reasons=PRICE),
    quarantined("a comma for the decimal point", "price", "2,50", reasons=PRICE),
    quarantined("a currency sign in the price", "price", "£2.50", "2.50 €", "EUR 2.50", "$2.50", reasons=PRICE),
    quarantined("a negative amount in parentheses", "price", "(2.50)", reasons=PRICE),
    quarantined("a minus sign behind the number", "price", "2.50-", reasons=PRICE),
    quarantined("a typographic minus sign", "price", "−2.50", "–2.50", reasons=PRICE),
    quarantined("a percentage", "price", "50%", reasons=PRICE),
    quarantined("digits of another script", "price", "１２", "٣", reasons=PRICE),
    quarantined("no price", "price", "", "   ", reasons=PRICE),
    quarantined("a spreadsheet formula for a price", "price", "=A1*2", "#DIV/0!", reasons=PRICE),
    quarantined("a null in words for a price", "price", "null", "NA", "None", "n/a", "-", reasons=PRICE),
    quarantined("a price that no column can hold", "price", "100000000000000", "1e14", reasons=PRICE),
    quarantined("a quantity that is no number", "qty", "lots", "one", "1 pc", "2x", reasons=UNITS),
    quarantined("no quantity", "qty", "", reasons=UNITS),
    quarantined("a quantity that is a date", "qty", "2011-11-05", reasons=UNITS),
    quarantined("a truth value for a quantity", "qty", "true", "FALSE", reasons=UNITS),
    RowKind(
        name="units times price that no column can hold",
        rows=({"qty": "90000000000000", "price": "90000000000000"},),
        rejected=(("unreadable_amount",),),
    ),
    quarantined("a price of zero", "price", "0", "0.00", "-0", "-0.0", "0e5", "0.00001", reasons=("zero_value",)),
    quarantined("a quantity of zero", "qty", "0", "-0", reasons=("zero_value",)),
    RowKind(
        name="scientific notation",
        rows=({"price": "1e3"}, {"price": "2.5E-2"}),
        clean=({"net_value": "1000.0000"}, {"net_value": "0.0250"}),
        note="it is a number",
    ),
    RowKind(
        name="more than four decimals",
        rows=({"price": "0.33335"}, {"price": "0.00005"}),
        clean=({"net_value": "0.3334"}, {"net_value": "0.0001"}),
        note="rounded half up to four",
    ),
    RowKind(
        name="blanks, a plus sign or leading zeros around a number",
        rows=({"price": " 2.50\t"}, {"price": "+2.5", "qty": "01"}),
        clean=({}, {}),
    ),
    RowKind(
        name="a negative quantity",
        rows=({"qty": "-1"},),
        clean=({"units": "-1.0000", "net_value": "-2.5000", "is_return": "true"},),
        note="a return",
    ),
    RowKind(
        name="a negative price",
        rows=({"price": "-2.50"},),
        clean=({"units": "-1.0000", "net_value": "-2.5000", "is_return": "true"},),
        note="a return: units take the sign of the value",
    ),
    RowKind(
        name="a negative quantity at a negative price",
        rows=({"qty": "-1", "price": "-2.50"},),
        clean=({},),
        note="a discount taken back: the value is positive",
    ),
    RowKind(
        name="a fractional quantity",
        rows=({"qty": "0.5"},),
        clean=({"units": "0.5000", "net_value": "1.2500"},),
        note="half a kilo",
    ),
    RowKind(
        name="a price as large as a column can hold",
        rows=({"price": "99999999999999"},),
        clean=({"net_value": "99999999999999.0000"},),
        note="validation warns of a value beyond a million (`net_value_plausible`)",
    ),
    kept("a return without a purchase", "order", "order_id", "R-without", note="returns need no partner"),
)
