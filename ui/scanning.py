"""Blanks in JavaScript what is no code: comments, strings, templates and regular expressions.

A search for a word then finds it only where it is code, at its place in the source. It is no parser: it knows
tokens, no grammar. Whether a slash divides or begins a regular expression is told by the token before it:
after `)` it divides, after `}` it does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BEFORE_A_REGEX = frozenset("(,=:[!&|?{};+-*%<>~^")
_WORDS_BEFORE_A_REGEX = re.compile(
    "return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield|instanceof"
)
_WORD = re.compile(r"[\w$]+")
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_STRING = re.compile(r""""(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'""")
_TEMPLATE_PART = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(`|\$\{)")
_COMMENT = re.compile(r"//[^\n]*|/\*[\s\S]*?\*/")


class ScanError(ValueError):
    """A comment, string, template or regular expression that does not end, or a brace too many."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """`code`: the source, as long as before, with spaces for all that is no code; quotes and line ends stay.

    `comments`: first character of each comment, and the one after its last.
    """

    code: str
    comments: tuple[tuple[int, int], ...]


def scan(source: str) -> Scanned:
    """Scan one file. ScanError, with the line, where a token has no end."""
    return _Scanner(source).run()


class _Scanner:
    def __init__(self, source: str) -> None:
        self._source = source
        self._code = list(source)
        self._comments: list[tuple[int, int]] = []
        self._at = 0
        self._previous = ""
        """The last token: a word, or one character."""
        self._templates: list[int] = []
        """For each template that is open around this place: braces open inside its `${`."""

    def run(self) -> Scanned:
        while self._at < len(self._source):
            self._token()
        if self._templates:
            raise self._without_end("template")
        return Scanned("".join(self._code), tuple(self._comments))

    def _token(self) -> None:
        character = self._source[self._at]
        following = self._source[self._at : self._at + 2]
        if following in ("//", "/*"):
            self._comments.append((self._at, self._blank(_COMMENT, "comment", keep=0)))
        elif character in "\"'":
            self._blank(_STRING, "string", keep=1)
            self._previous = character
        elif character == "`":
            self._at += 1
            self._template()
        elif character == "/" and self._regex_may_begin():
            self._blank(_REGEX, "regular expression", keep=1)
            self._previous = "'"  # a value, as a string is
        elif word := _WORD.match(self._source, self._at):
            self._at, self._previous = word.end(), word[0]
        else:
            self._at += 1
            if not character.isspace():
                self._braces(character)

    def _braces(self, character: str) -> None:
        self._previous = character
        if not self._templates:
            return
        if character == "{":
            self._templates[-1] += 1
        elif character == "}" and self._templates[-1] > 0:
            self._templates[-1] -= 1
        elif character == "}":
            self._templates.pop()
            self._template()

    def _template(self) -> None:
        """Text of a template up to its end or the next `${`."""
        part = _TEMPLATE_PART.match(self._source, self._at)
        if part is None:
            raise self._without_end("template")
        self._clear(self._at, part.start(1))
        self._at = part.end()
        if part[1] == "`":
            self._previous = "`"
        else:
            self._templates.append(0)
            self._previous = "{"

    def _regex_may_begin(self) -> bool:
        if self._previous == "}" or not self._previous:
            return True
        return self._previous in _BEFORE_A_REGEX or bool(_WORDS_BEFORE_A_REGEX.fullmatch(self._previous))

    def _blank(self, pattern: re.Pattern[str], what: str, *, keep: int) -> int:
        """Blank the token here but for `keep` characters at each end; where it ends."""
        found = pattern.match(self._source, self._at)
        if found is None:
            raise self._without_end(what)
        self._clear(self._at + keep, found.end() - keep)
        self._at = found.end()
        return self._at

    def _clear(self, start: int, end: int) -> None:
        for place in range(start, end):
            if self._code[place] != "\n":
                self._code[place] = " "

    def _without_end(self, what: str) -> ScanError:
        line = self._source.count("\n", 0, self._at) + 1
        return ScanError(f"line {line}: a {what} does not end")
