"""axe-core, which finds faults of accessibility in a page: fetched as a development tool, run in a browser.

`python -m tests.support.axe` fetches it with npm into `var/`, which `make test` does; nothing that users get
contains it. The version and the checksum of what npm has are fixed here.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.support.documents import ROOT
from tests.support.servers.private import missing

VERSION = "4.14.1"
PACKAGE_SHA512 = (
    "1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b73"
    "4f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5"
)
SCRIPT = ROOT / "var" / "development" / f"axe-core-{VERSION}.min.js"
_IN_PACKAGE = "package/axe.min.js"

_RUN = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    const told = (node) => `${node.target.join(" ")} : ${node.failureSummary}`;
    return violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(told) }));
}"""


def fetch() -> None:
    """Fetch the script, unless it is there. RuntimeError where the package is another than the fixed one."""
    if SCRIPT.is_file():
        return
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", f"axe-core@{VERSION}", "--silent", "--pack-destination", folder]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
        (package,) = Path(folder).glob("*.tgz")
        found = hashlib.sha512(package.read_bytes()).hexdigest()
        if found != PACKAGE_SHA512:
            raise RuntimeError(f"axe-core {VERSION} is not the package that was fixed: {found}")
        SCRIPT.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(package) as archive:
            member = archive.extractfile(_IN_PACKAGE)
            assert member is not None
            made = Path(folder) / SCRIPT.name
            made.write_bytes(member.read())
        shutil.move(made, SCRIPT)


def violations(page: Page) -> list[Any]:
    """What axe-core finds in the page as it stands, of any impact. Without axe-core the test is skipped."""
    if not SCRIPT.is_file():
        missing("No axe-core; `make test` fetches it where npm is installed.")
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(SCRIPT.read_text("utf-8"))
    found: list[Any] = page.evaluate(_RUN)
    return found


if __name__ == "__main__":
    try:
        fetch()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"axe-core was not fetched; without it a test is skipped: {error}", file=sys.stderr)
