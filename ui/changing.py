"""Finds what a linked module would do otherwise than a module: `await` that no function holds, and exports
that are assigned to.

It works on scanned code (`scanning.py`), is no parser, and rather finds too much: a name that hides an
exported one where it gets a value counts as an assignment. Knows no files.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_TOKEN = re.compile(r"[\w$]+|=>|\S")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_OPENING, _CLOSING = "([{", ")]}"
_NO_FUNCTIONS = frozenset(("if", "for", "while", "switch", "catch", "with"))
"""Words before `(…) {` that begin no function."""
_DECLARES = frozenset(("const", "let", "var"))
_ASSIGNS = r"(?:=(?![=>])|\+\+|--|(?:\*\*|<<|>>>?|&&|\|\||\?\?|[-+*/%&|^])=)"


@dataclass(slots=True)
class _Level:
    """Inside of a bracket, or of none. `waits`: an async function is around it. `arrow`: an async arrow
    function without braces goes on. `opened`: number of the bracket's token."""

    waits: bool
    opened: int
    arrow: bool = False


def await_outside(code: str) -> int | None:
    """The place of the first `await` that is in no async function; None without one."""
    tokens = list(_TOKEN.finditer(code))
    levels = [_Level(False, -1)]
    closed: dict[int, int] = {}
    """Number of a closing bracket -> of the one that it closes."""
    for number, token in enumerate(tokens):
        text, here = token[0], levels[-1]
        if text in _OPENING:
            waits = here.waits or here.arrow or (text == "{" and _is_async_body(tokens, number, closed))
            levels.append(_Level(waits, number))
        elif text in _CLOSING and len(levels) > 1:
            closed[number] = levels.pop().opened
        elif text in (",", ";"):
            here.arrow = False
        elif text == "=>":
            here.arrow = _is_async_arrow(tokens, number, closed)
        elif text == "await" and not (here.waits or here.arrow) and not _is_key(tokens, number):
            return token.start()
    return None


def _text(tokens: list[re.Match[str]], number: int) -> str:
    return tokens[number][0] if 0 <= number < len(tokens) else ""


def _is_key(tokens: list[re.Match[str]], number: int) -> bool:
    """Whether the word is the name of a property."""
    return _text(tokens, number - 1) == "." or _text(tokens, number + 1) == ":"


def _is_async_arrow(tokens: list[re.Match[str]], arrow: int, closed: dict[int, int]) -> bool:
    """Whether `async` stands before the parameters of an arrow function."""
    last = arrow - 1
    return _text(tokens, closed.get(last, last) - 1) == "async"


def _is_async_body(tokens: list[re.Match[str]], brace: int, closed: dict[int, int]) -> bool:
    """Whether the brace begins the body of an async function or method."""
    before = brace - 1
    if _text(tokens, before) == "=>":
        return _is_async_arrow(tokens, before, closed)
    if before not in closed or _text(tokens, before) != ")":
        return False
    word = closed[before] - 1
    if _text(tokens, word) in _NO_FUNCTIONS or _text(tokens, word - 1) == "for":  # `for await (…) {`
        return False
    if _text(tokens, word) in _CLOSING:  # a method whose name is computed
        word = closed.get(word, word)
    while word >= 0 and _text(tokens, word) not in ("async", ";", "{", "}", "(", ")", ",", "="):
        word -= 1
    return _text(tokens, word) == "async"


def assigned(code: str, names: Collection[str]) -> tuple[str, int] | None:
    """The first of these names that is assigned to, and its place; None without one.

    Declarations by `const`, `let` and `var` hide a name and do not count.
    """
    found = [(place, name) for name in names for place in _assignments(code, name)]
    if not found:
        return None
    place, name = min(found)
    return name, place


def _assignments(code: str, name: str) -> list[int]:
    """Places where the name gets another value: alone, in a pattern, or in the head of a loop."""
    alone = re.compile(
        rf"(?<![\w$.]){re.escape(name)}\s*{_ASSIGNS}|(?:\+\+|--)\s*{re.escape(name)}(?![\w$])"
        rf"|(?<=\()\s*{re.escape(name)}\s+(?:of|in)(?![\w$])"
    )
    places = [
        found.start() for found in alone.finditer(code) if _word_before(code, found.start()) not in _DECLARES
    ]
    word = re.compile(rf"(?<![\w$.]){re.escape(name)}(?![\w$])(?!\s*:)")
    for start, end in _patterns(code):
        inside = word.search(code, start, end)
        if inside is not None:
            places.append(inside.start())
    return places


def _patterns(code: str) -> list[tuple[int, int]]:
    """From which to which place each `[…] =` and `{…} =` reaches that declares nothing."""
    open_at: list[int] = []
    found = []
    for place, character in enumerate(code):
        if character in _OPENING:
            open_at.append(place)
        elif character in _CLOSING and open_at:
            start = open_at.pop()
            if character != ")" and re.compile(r"\s*=(?![=>])").match(code, place + 1):
                before = code[:start].rstrip()
                indexed = (
                    character == "]" and before[-1:] and (before[-1:] in ")]" or _NAME.match(before[-1:]))
                )
                if not indexed and _word_before(code, start) not in _DECLARES:
                    found.append((start, place))
    return found


def _word_before(code: str, place: int) -> str:
    word = re.search(r"[\w$]*$", code[:place].rstrip())
    return word[0] if word else ""
