"""CSV files that are not as they should be, but can be read: each has lines that are quarantined, or none."""

import gzip

from tests.bad_input.kinds import RowKind

HEADER = "order,sku,when,who,qty,price\n"
MALFORMED = ("malformed_row",)


def line(sku: str, order: str = "1") -> str:
    """A good line of an article."""
    return f"{order},{sku},2011-11-05 10:00:00,c1,1,2.50\n"


def file(name: str, text: str | bytes, **expected: object) -> RowKind:
    """A whole file of order lines."""
    return RowKind(name=name, file=text.encode() if isinstance(text, str) else text, **expected)  # type: ignore[arg-type]


def around(name: str, odd: str, *reasons: tuple[str, ...], note: str = "") -> RowKind:
    """Odd lines between two good ones, which are kept."""
    text = HEADER + line(name) + odd + line(name, "2")
    return file(name, text, rejected=reasons, clean=({}, {"order_id": "2"}), note=note)


CSV_FILES = (
    around("a line with too few fields", "3,A\n", MALFORMED),
    around("a line with too many fields", "3,A,2011-11-05,c1,1,1,1\n", MALFORMED),
    around(
        "the delimiter changes on the way", "3;A;2011-11-05;c1;1;1\n4\tA\t2011-11-05\tc1\t1\t1\n", MALFORMED, MALFORMED
    ),
    around("the header once more", HEADER, ("unreadable_time", "unreadable_units", "unreadable_price")),
    around("the columns change places on the way", "A,3,c1,2011-11-05,1,1\n", ("unreadable_time",)),
    around("an empty line", "\n\n", note="it is no row"),
    around("a line of blanks", "   \n", MALFORMED),
    around(
        "a line of commas", ",,,,,\n", ("unreadable_time", "missing_customer", "unreadable_units", "unreadable_price")
    ),
    around("a total at the end of a page", "Total,,,,2,5.00\n", ("unreadable_time", "missing_customer")),
    around("a comment", "# exported by hand\n", MALFORMED),
    around("the end-of-file mark of DOS", "\x1a\n", MALFORMED),
    around("a conflict left by a merge", "<<<<<<< HEAD\n", MALFORMED),
    file(
        "a quotation mark that is never closed",
        HEADER + line("a quotation mark that is never closed") + '3,"A,2011-11-05,c1,1,1\n' + line("swallowed", "4"),
        rejected=(MALFORMED,),
        clean=({},),
        note="the rest of the file is one row, which is quarantined",
    ),
    file(
        "quotation marks in the middle of a field",
        HEADER + 'a"b"c,quotation marks in the middle of a field,2011-11-05 10:00:00,c1,1,2.50\n',
        clean=({"order_id": 'a"b"c'},),
    ),
    file(
        "a line that ends before the file does",
        HEADER + line("a line that ends before the file does") + "2,A,2011-11-0",
        rejected=(MALFORMED,),
        clean=({},),
        note="a CSV file does not tell that it was cut between two lines; the rules on volume do",
    ),
    file(
        "bytes that are not UTF-8 in an id",
        HEADER.encode() + line("bytes that are not UTF-8 in an id").encode() + b"2,A,2011-11-05,M\xfcller,1,1\n",
        rejected=(("unusable_id",),),
        clean=({},),
    ),
    file(
        "a surrogate encoded by itself",
        HEADER.encode() + b"2,A,2011-11-05,\xed\xa0\x80,1,1\n",
        rejected=(("unusable_id",),),
    ),
    file("a byte order mark", "\ufeff" + HEADER + line("a byte order mark"), clean=({},)),
    file("line ends of Windows", (HEADER + line("line ends of Windows")).replace("\n", "\r\n"), clean=({},)),
    file("line ends of an old Mac", (HEADER + line("line ends of an old Mac")).replace("\n", "\r"), clean=({},)),
    file("no line end after the last line", HEADER + line("no line end after the last line").rstrip(), clean=({},)),
    file("a header without rows", HEADER),
    file(
        "columns in another order",
        "price,who,when,qty,sku,order\n2.50,c1,2011-11-05 10:00:00,1,columns in another order,1\n",
        clean=({},),
    ),
    file(
        "columns that the mapping does not name",
        HEADER.replace("\n", ",_metadata,a.b`c,\n")
        + line("columns that the mapping does not name").replace("\n", ",x,y,z\n"),
        clean=({},),
        note="not read, but kept with a row that is quarantined",
    ),
    file(
        "two files in one",
        b"".join(
            gzip.compress((HEADER + line("two files in one", order)).replace("\n", ",note\n").encode())
            for order in "12"
        ),
        rejected=(("unreadable_time", "unreadable_units", "unreadable_price"),),
        clean=({}, {"order_id": "2"}),
        note="gzip allows it; the second header is a row",
    ),
    file("a file that is delivered twice", HEADER + line("a file that is delivered twice"), clean=({},)),
    file(
        "the same file under another name",
        HEADER + line("a file that is delivered twice"),
        rejected=(("duplicate",),),
        note="where the mapping says that equal rows are an error; else the rules on volume tell",
    ),
    file(
        "a file name with blanks and 'quotes' & 100 % + #",
        HEADER + line("a file name with blanks and 'quotes' & 100 % + #"),
        clean=({},),
    ),
)
GZIPPED = ("two files in one",)
"""Kinds that are delivered as `.csv.gz`."""
