"""The linker gives one module that does what the modules do, and refuses what it would change."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.servers.private import missing
from tests.unit.ui.test_javascript import LIMIT_S
from ui.linking import LinkError, link
from ui.source_map import source_map
from ui.static_files import ENTRY_MODULE, STATIC_DIR


def node(script: str, tmp_path: Path, *options: str) -> str:
    """What a module prints."""
    program = shutil.which("node")
    if program is None:
        missing("No Node.js on the PATH; `make test` installs it.")
    file = tmp_path / "linked.mjs"
    file.write_text(script, "utf-8")
    command = [program or "", *options, str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


ODD = {
    "main.js": """// import { nothing } from "./nowhere.js";
import { Pair, two as second } from "./deep/pair.js"; import { log } from "./log.js";
import "./effect.js";
import {
  words, // what } is said
  $dollar,
} from './x/../x/words.js';
/* export const x = 1; */
export const made = new Pair(second, words);
export async function later() {
  return `${`import { a } from "./b.js";${{ a: { b: "}" } }.a.b}`} export const`;
}
const local = /["'`/]?import {/.test('import {') ? { import: 1, export: 2 } : 4 / 2 / 1;
export { local as shared, made as also };
export function* three() { yield* [1, 2, 3]; }
log.push($dollar, local.import + local.export);
let count = 0, { length: size } = (() => { let made = ""; return made; })();
const later_still = async (value) => await value;
for (let made = 0; made < 1; made += 1) count += size;
""",
    "deep/pair.js": """import { log } from "../log.js";
log.push("pair");
const strict = (function () { return this; })() === undefined;
export class Pair { constructor(a, b) { Object.assign(this, { a, b, strict }); } }
const one = 1, two = one + 1;
export { one, two, };
""",
    "log.js": "export const log = [];",
    "effect.js": 'import { log } from "./log.js";\nlog.push("effect");\nconst a = 1; // no line end here',
    "x/words.js": "export const words = ['a', (1, 2)];\nexport const $dollar = (a => a)`$`.length;\n",
}
"""Forms that a search for words at the beginnings of lines would take for others."""


def test_it_does_what_the_modules_do(tmp_path: Path) -> None:
    linked = link(ODD, "main.js").text
    tail = """
const told = [...three()].concat(await later(), also === made, shared.import);
console.log(JSON.stringify([made, told, __module_0]));
"""

    made, told, log = json.loads(node(linked + tail, tmp_path))

    assert made == {"a": 2, "b": ["a", 2], "strict": True}
    assert told == [1, 2, 3, 'import { a } from "./b.js";} export const', True, 1]
    assert log == {"log": ["pair", "effect", 1, 3]}


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("export default 1;", "line 1: only `export` of"),
        ("\nexport let a = 1;", "line 2: only `export` of"),
        ("export const a = f(1, 2), b = 2;", "declares one name"),
        ("export const { a } = b;", "only `export` of"),
        ("export const a = 1", "ends with a semicolon"),
        ("export * from './other.js';", "only `export` of"),
        ("export { a } from './other.js';", "only `export` of"),
        ("const a = 1; export { a }; export { a };", "exported twice"),
        (
            "const b = 1;\nlet c = { d: [1, 2] }, a = 1;\nexport { a };",
            "line 2: `a` is exported and may change",
        ),
        ("var { b: [a] = f(b) } = c; export { a as d };", "`a` is exported and may change"),
        ("let a; export { a };", "`a` is exported and may change"),
        ("const a = 1; export { a as default };", "default exports"),
        ("import { default as a } from './other.js';", "default exports"),
        ("const a = 1;\nconst b = await f(a);", "line 2: `await`"),
        ("async function f() {}\nawait f();", "line 2: `await`"),
        ("for await (const a of b) {}", "line 1: `await`"),
        ("const a = 1;\n{ await f(); }", "line 2: `await` is only linked inside of async functions"),
        ("if (a) {\n  b();\n  await f();\n}", "line 3: `await`"),
        ("try { await f(); } catch { }", "line 1: `await`"),
        ("const a = { b: [await f()] };", "line 1: `await`"),
        ("const a = `${await f()}`;", "line 1: `await`"),
        ("class A { static { await f(); } }", "line 1: `await`"),
        ("const a = async (b) => await b, c = await f();", "line 1: `await`"),
        ("async function f() {}\nif (a) { await f(); }", "line 2: `await`"),
        ("export function f() {}\nf = 2;", "line 2: `f` is exported and assigned to"),
        ("export class A {}\nfunction g() { A = 1; }", "line 2: `A` is exported and assigned to"),
        ("function f() {} export { f as g };\nf ||= 2;", "line 2: `f` is exported"),
        ("export function f() {}\nf++;", "line 2: `f` is exported"),
        ("export function f() {}\n--f;", "line 2: `f` is exported"),
        ("export function f() {}\n[a, f] = [1, 2];", "line 2: `f` is exported"),
        ("export function f() {}\n({ a, b: f } = c);", "line 2: `f` is exported"),
        ("export function f() {}\nfor (f of a) {}", "line 2: `f` is exported"),
        ("export { a as 'b c' };", "is no name"),
        ("const a = import('./other.js');", "only `import {"),
        ("const a = import.meta.url;", "only `import {"),
        ("import a from './other.js';", "only `import {"),
        ("import * as a from './other.js';", "only `import {"),
        ("import { a } from './other.js'", "only `import {"),
        ("import { a } from './none.js';", 'there is no module "./none.js"'),
        ("import { a } from 'other.js';", 'there is no module "other.js"'),
        ("import { b } from './other.js';", "other.js exports no `b`"),
        ("import { a } from './main.js';", "in a circle: main.js -> main.js"),
        ("const __module_1 = 2;", "the linker's own"),
        ("/* no end", "line 1: a comment does not end"),
        ("const a = 1;\nconst b = 'no end\n';", "line 2: a string does not end"),
        ("const a = `${b", "a template does not end"),
        ("const a = /no end\n/;", "a regular expression does not end"),
    ],
)
def test_what_cannot_be_linked_is_refused_with_its_place(source: str, why: str) -> None:
    with pytest.raises(LinkError, match=r"^main\.js") as refused:
        link({"main.js": source, "other.js": "export const a = 1;"}, "main.js")

    assert why in str(refused.value)


@pytest.mark.parametrize(
    "source",
    [
        "const a = async () => { if (b) { await f(); } };",
        "const a = async (b) => [await b, await c];",
        "const a = { async b() { await c(); }, async *d() { await e; }, async [f]() { await g; } };",
        "class A { async #b(c = { d: 1 }) { for await (const e of c) { await e; } } }",
        "export async function f() { try { await g(); } finally { await h(); } }",
        "f(async (x) => { for await (const y of x) {} });",
        "const a = { await: 1 }; a.await = 2;",
        "export function f() {}\nconst o = { f: 1 }; o.f = 2; const p = { f }; o[f] = 3;",
        "export function f() {}\nif (f == g) {} x = f => 1;",
        "export class A { static b = 1; }\nA.b = 2; const { c } = A; const [d = A] = [];",
        "export function f() {}\nfunction g() { const f = 1; let a = f; return a; }",
    ],
)
def test_functions_that_wait_and_exports_that_stay_are_linked(source: str) -> None:
    link({"main.js": source}, "main.js")


def test_a_circle_is_told_from_where_it_closes() -> None:
    sources = {
        "main.js": 'import { b } from "./b.js";',
        "b.js": 'import { c } from "./c.js"; export const b = 1;',
        "c.js": 'import { b } from "./b.js"; export const c = 1;',
    }
    with pytest.raises(LinkError, match=re.escape("b.js -> c.js -> b.js")):
        link(sources, "main.js")


def page_sources() -> dict[str, str]:
    return {
        path.relative_to(STATIC_DIR).as_posix(): path.read_text("utf-8") for path in STATIC_DIR.rglob("*.js")
    }


def test_the_page_s_own_modules_are_linked_each_line_in_its_place(tmp_path: Path) -> None:
    sources = page_sources()
    linked = link(sources, ENTRY_MODULE)
    lines = linked.text.split("\n")

    assert len(lines) == len(linked.origins)
    assert {origin[0] for origin in linked.origins if origin} == sources.keys()
    for line, origin in zip(lines, linked.origins, strict=True):
        if origin and line.strip():
            written = sources[origin[0]].split("\n")[origin[1]]
            assert len(line) <= len(written)
            assert all(mine in (" ", theirs) for mine, theirs in zip(line, written, strict=False))
    node(linked.text, tmp_path, "--check")


def test_the_source_map_names_each_line() -> None:
    origins = [None, ("a.js", 0), ("a.js", 1), None, ("b/c.js", 20), ("a.js", 2)]

    made = json.loads(source_map("bundle.js", origins))

    assert made["sources"] == ["a.js", "b/c.js"]
    # Each: column 0, then the distance to the source, line and column of the segment before.
    assert made["mappings"] == ";AAAA;AACA;;ACmBA;ADlBA"
