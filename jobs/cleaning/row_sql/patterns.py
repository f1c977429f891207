"""Patterns of LIKE and RLIKE → Python's regular expressions, which match the same texts as Java's."""

from __future__ import annotations

import re

from jobs.cleaning.row_sql.expressions import NotUnderstoodError

_ENDS = "\n\r\u0085\u2028\u2029"
"""Characters that end a line in Java."""
_TRANSLATED = {
    ".": f"[^{_ENDS}]",
    "$": r"(?=(?:\r\n|(?<!\r)\n|[\r\u0085\u2028\u2029])?\Z)",
}
_TOKEN = re.compile(
    r"""
      (?P<atom> \\[dDwWsStnrf] | \\[!-/:-@\[-`{-~ ] | [^\\\[\](){}*+?|^$]
              | \[ \^? (?: \\[dDwWsStnrf] | \\[!-/:-@\[-`{-~ ] | (?!--) [^\\\[\]&~|] | [|~](?![|~]) )+ \] )
    | (?P<quantifier> (?: [*+?] | \{ [0-9]{1,4} (?: , [0-9]{0,4} )? \} ) \?? )
    | (?P<open> \( (?: \?: | (?!\?) ) )
    | (?P<close> \) )
    | (?P<other> [|^$] )
    """,
    re.VERBOSE | re.DOTALL,
)


def like(pattern: str) -> re.Pattern[str]:
    """The expression that matches a whole text as LIKE does; `%`, `_` and the backslash are escaped by a backslash."""
    pieces = re.findall(r"\\?.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    if any(piece[0] == "\\" and piece not in (r"\%", r"\_", r"\\") for piece in pieces):
        raise NotUnderstoodError(f"in the pattern {pattern!r} a backslash escapes something other than %, _ and itself")
    return re.compile("".join(wild.get(piece) or re.escape(piece[-1]) for piece in pieces), re.DOTALL)


def rlike(pattern: str) -> re.Pattern[str]:
    """The expression to search for as RLIKE does.

    Raises:
        NotUnderstoodError: the pattern has what Java and Python read differently, or what only one of them knows.
    """
    ignores_case = pattern.startswith("(?i)")
    rest = pattern.removeprefix("(?i)")
    translated, last, groups = "", "open", _Groups()
    while rest:
        token = _TOKEN.match(rest)
        if token is None or (token.lastgroup == "quantifier" and last not in ("atom", "close")):
            raise NotUnderstoodError(f"in the expression {pattern!r}, {rest[:10]!r} is none of {_UNDERSTOOD}")
        if groups.may_take_forever(token, last):
            raise NotUnderstoodError(f"the expression {pattern!r} repeats a group that holds *, +, ?, {{n,m}} or |")
        translated += _TRANSLATED.get(token[0], token[0])
        rest, last = rest[token.end() :], str(token.lastgroup)
    try:
        return re.compile(translated, re.ASCII | (re.IGNORECASE if ignores_case else 0))
    except (re.error, OverflowError) as error:
        raise NotUnderstoodError(f"the expression {pattern!r} is wrong: {error}") from error


class _Groups:
    """Whether a group can match one text in several ways: repeated, it would try their combinations."""

    def __init__(self) -> None:
        self._open, self._closed = [False], False

    def may_take_forever(self, token: re.Match[str], last: str) -> bool:
        """Whether a token repeats such a group, which was closed just before it."""
        if token.lastgroup == "open":
            self._open.append(False)
        elif token.lastgroup == "close" and len(self._open) > 1:
            self._closed = self._open.pop()
            self._open[-1] |= self._closed
        elif token.lastgroup == "quantifier" or token[0] == "|":
            self._open[-1] = True
            return last == "close" and self._closed and token[0][0] not in "?|"
        return False


_UNDERSTOOD = r"characters, . ^ $ | ( ) (?: ) * + ? {n,m}, simple [classes], \d \w \s \D \W \S, a leading (?i)"
