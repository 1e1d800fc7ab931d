"""Links the page's JavaScript modules to one module, so that a browser asks once instead of a hundred times.

Each module becomes a function that runs once, after those it imports from, and returns what it exports; what
it imports are constants of that function. That is enough for modules that import each other in no circle and
export what never changes, and it needs no parser. Whatever it cannot link, it refuses with the place: default
exports, exports that change, `import()`, `await` outside of functions, and others (`changing.py`). Lines stay
lines, so that a source map is short (`source_map.py`). Knows no file system and no HTTP.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ui.changing import assigned, await_outside
from ui.scanning import ScanError, Scanned, scan

_NAME = r"[A-Za-z_$][\w$]*"
_PLAIN = re.compile(_NAME)
_RENAMED = re.compile(rf"({_NAME})\s+as\s+({_NAME})")
_KEYWORD = re.compile(r"(?<![\w$.])(import|export)(?![\w$])(?!\s*:)")
_IMPORT = re.compile(r"""import\s*(?:\{([^}]*)\}\s*from\s*)?(["'])([^"']*)\2\s*;""")
_EXPORT_LIST = re.compile(r"export\s*\{([^}]*)\}\s*;")
_EXPORT = re.compile(
    rf"export\s+(?:(?:async\s+)?function(?:\s*\*\s*|\s+)|class\s+|(const)\s+)({_NAME})(?![\w$])"
)
_TOKEN = re.compile(r"[\w$]+|\S")
_OURS = "__module_"
"""Begins the names that the linked module has for its parts."""


class LinkError(ValueError):
    """A module that cannot be linked; the message names file, line and reason."""


@dataclass(frozen=True, slots=True)
class Linked:
    """`text`: a module with the entry's exports.

    `origins`: for each of its lines, the module and the line there, counted from 0; None: in no module.
    """

    text: str
    origins: tuple[tuple[str, int] | None, ...]


@dataclass(frozen=True, slots=True)
class _Module:
    name: str
    body: str
    """The source without comments, imports and the word `export`, with all its line ends."""
    imports: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Module, and (name there, name here)."""
    exports: Mapping[str, str]
    """Name outside -> name inside."""


def link(sources: Mapping[str, str], entry: str) -> Linked:
    """Link `entry` and all that it leads to. `sources`: texts by path, with forward slashes.

    LinkError for forms that are not known here, modules and names that do not exist, and circles.
    """
    modules = _in_order(sources, entry)
    numbers = {name: f"{_OURS}{number}" for number, name in enumerate(modules)}
    lines: list[str] = []
    origins: list[tuple[str, int] | None] = []
    for name, module in modules.items():
        for imported, names in module.imports:
            _check_names(module, modules[imported], names)
        bound = "".join(
            f" const {{ {', '.join(f'{there}: {here}' for there, here in names)} }} = {numbers[imported]};"
            for imported, names in module.imports
            if names
        )
        given = ", ".join(f"{outside}: {inside}" for outside, inside in module.exports.items())
        body = module.body.split("\n")
        lines += [f"const {numbers[name]} = (() => {{{bound}", *body, f"return {{ {given} }};", "})();"]
        origins += [None, *((name, line) for line in range(len(body))), None, None]
    lines.append(f"export const {{ {', '.join(modules[entry].exports)} }} = {numbers[entry]};")
    origins.append(None)
    return Linked("\n".join(lines) + "\n", (*origins, None))


def _in_order(sources: Mapping[str, str], entry: str) -> dict[str, _Module]:
    """The modules that `entry` leads to, each after those it imports, as browsers run them."""
    done: dict[str, _Module] = {}
    under_way: list[str] = []

    def visit(name: str) -> None:
        if name in under_way:
            circle = [*under_way[under_way.index(name) :], name]
            raise LinkError(f"{name}: modules import each other in a circle: {' -> '.join(circle)}")
        if name in done:
            return
        under_way.append(name)
        module = _read(name, sources)
        for imported, _ in module.imports:
            visit(imported)
        done[under_way.pop()] = module

    visit(entry)
    return done


def _read(name: str, sources: Mapping[str, str]) -> _Module:
    """One module's imports, exports and body."""
    source = sources[name]
    try:
        scanned = scan(source)
    except ScanError as error:
        raise LinkError(f"{name}, {error}") from error
    if _OURS in scanned.code:
        raise _refused(name, source, scanned.code.index(_OURS), f"names with {_OURS} are the linker's own")
    imports: list[tuple[str, tuple[tuple[str, str], ...]]] = []
    exports: dict[str, str] = {}
    gone = list(scanned.comments)
    for word in _KEYWORD.finditer(scanned.code):
        place = word.start()
        if word[1] == "import":
            found = _IMPORT.match(scanned.code, place)
            if found is None:
                raise _refused(name, source, place, 'only `import { a, b as c } from "./file.js";` is linked')
            address = source[found.start(3) : found.end(3)]
            imports.append(
                (
                    _resolved(name, source, place, address, sources),
                    tuple(_pairs(name, source, place, found[1])),
                )
            )
            gone.append(found.span())
            continue
        given, span = _export(name, source, scanned, place)
        for outside, inside in given:
            if outside in exports:
                raise _refused(name, source, place, f"`{outside}` is exported twice")
            exports[outside] = inside
        gone.append(span)
    waiting = await_outside(scanned.code)
    if waiting is not None:
        raise _refused(name, source, waiting, "`await` is only linked inside of async functions")
    changed = assigned(scanned.code, _functions(scanned.code, exports.values()))
    if changed is not None:
        why = (
            f"`{changed[0]}` is exported and assigned to here, or hidden by another name: rename one of them"
        )
        raise _refused(name, source, changed[1], why)
    variables = _variables(scanned.code)
    for inside in exports.values():
        if inside in variables:
            why = f"`{inside}` is exported and may change: make it a `const`"
            raise _refused(name, source, variables[inside], why)
    return _Module(name, _without(source, gone), tuple(imports), exports)


def _export(
    name: str, source: str, scanned: Scanned, place: int
) -> tuple[list[tuple[str, str]], tuple[int, int]]:
    """What the statement at `place` exports as (outside, inside), and which characters of it go."""
    if (listed := _EXPORT_LIST.match(scanned.code, place)) is not None:
        pairs = [(outside, inside) for inside, outside in _pairs(name, source, place, listed[1])]
        return pairs, listed.span()
    found = _EXPORT.match(scanned.code, place)
    if found is None:
        raise _refused(
            name,
            source,
            place,
            "only `export` of a function, a class, one `const`, or of a list `{ a, b as c };` is linked",
        )
    if found[1] and not _declares_one(scanned.code, found.end()):
        raise _refused(name, source, place, "an exported `const` declares one name and ends with a semicolon")
    return [(found[2], found[2])], (place, place + len("export"))


def _declares_one(code: str, place: int) -> bool:
    """Whether a declaration, from behind its first name, has no further one and a semicolon at its end."""
    if not re.match(r"\s*=", code[place:]):
        return False
    depth = 0
    for character in code[place:]:
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif depth == 0 and character in ",;":
            return character == ";"
    return False


def _functions(code: str, names: Iterable[str]) -> list[str]:
    """Those of the names that functions and classes have: nothing keeps these from being assigned to."""
    declared = set(re.findall(rf"(?<![\w$.])(?:function(?:\s*\*\s*|\s+)|class\s+)({_NAME})", code))
    return [name for name in names if name in declared]


def _variables(code: str) -> dict[str, int]:
    """Names that `let` and `var` declare outside of all braces, with their places."""
    found: dict[str, int] = {}
    depth = 0
    declaring = named = False
    for token in _TOKEN.finditer(code):
        text = token[0]
        if text in "([{":
            depth += 1
        elif text in ")]}":
            depth -= 1
        if depth == 0 and (text == ";" or (text == "}" and not declaring)):
            declaring = False
        elif depth == 0 and text in ("let", "var"):
            declaring, named = True, False
        elif depth == 0 and text == ",":
            named = False
        elif depth == 0 and text == "=":
            named = True
        elif declaring and not named and _PLAIN.fullmatch(text):
            found[text] = token.start()
            named = depth == 0
    return found


def _pairs(name: str, source: str, place: int, listed: str | None) -> Iterator[tuple[str, str]]:
    """`a, b as c` -> (a, a), (b, c). A comma at the end is allowed."""
    for item in (listed or "").split(","):
        text = item.strip()
        if not text:
            continue
        if "default" in text.split():
            raise _refused(name, source, place, "default exports are not linked")
        if _PLAIN.fullmatch(text):
            yield text, text
        elif renamed := _RENAMED.fullmatch(text):
            yield renamed[1], renamed[2]
        else:
            raise _refused(name, source, place, f"`{text}` is no name")


def _resolved(name: str, source: str, place: int, address: str, sources: Mapping[str, str]) -> str:
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), address))
    if not address.startswith(("./", "../")) or path not in sources:
        raise _refused(name, source, place, f'there is no module "{address}"')
    return path


def _check_names(module: _Module, imported: _Module, names: tuple[tuple[str, str], ...]) -> None:
    for there, _ in names:
        if there not in imported.exports:
            raise LinkError(f"{module.name}: {imported.name} exports no `{there}`")


def _without(source: str, spans: list[tuple[int, int]]) -> str:
    """The source without these characters. Code behind them in the same line stays in its column."""
    kept, last = [], 0
    for start, end in sorted(spans):
        if end <= last:  # a comment inside an import
            continue
        *lines, rest = source[start:end].split("\n")
        code_follows = source[end : end + 1] not in ("", "\n")
        kept += [source[last:start], "\n" * len(lines), " " * len(rest) if code_follows else ""]
        last = end
    return "".join([*kept, source[last:]])


def _refused(name: str, source: str, place: int, why: str) -> LinkError:
    return LinkError(f"{name}, line {source.count(chr(10), 0, place) + 1}: {why}")
