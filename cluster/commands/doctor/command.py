"""The command `scenestream doctor`: runs all checks in parallel and prints the findings in a fixed order.

Chooses the checks by the settings; the checks themselves are in the other modules of this folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from cluster import terminal
from cluster.commands.api_key import ApiKey
from cluster.commands.doctor import configuration, contents, machine, servers, software, stack
from cluster.commands.doctor.findings import Check, Finding, Severity, problem
from cluster.errors import InvalidSettingsError
from cluster.local.layout import Layout
from cluster.local.plan import configured
from cluster.local.state import StackFile, read
from cluster.settings import Settings, get_settings

THREADS = 8
"""Checks at once: most of them wait for servers."""

_SIGNS = {Severity.OK: "ok     ", Severity.WARNING: "warning", Severity.PROBLEM: "PROBLEM"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Without loading PyTorch and Ray.")] = False,
    api_key: ApiKey = None,
) -> None:
    """What is wrong with this installation, and what mends it. Exit code 1 if something does not work."""
    with terminal.steps() as step:
        step("looking")
        findings = examine(quick=quick, api_key=api_key)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        _show(findings)
    if any(finding.level is Severity.PROBLEM for finding in findings):
        raise typer.Exit(1)


def examine(*, quick: bool = False, api_key: str | None = None) -> list[Finding]:
    """Run all checks; the findings in the order of the checks. `quick`: without loading PyTorch and Ray."""
    checks: list[Check] = [configuration.check_settings, configuration.check_variables]
    try:
        checks += checks_for(get_settings(), quick=quick, api_key=api_key)
    except InvalidSettingsError:  # the first check reports it; without settings no other check can run
        checks.append(software.check_python)
    with ThreadPoolExecutor(THREADS) as threads:
        return [finding for found in threads.map(_run, checks) for finding in found]


def checks_for(settings: Settings, *, quick: bool, api_key: str | None) -> Iterator[Check]:
    """The checks that these settings need: servers without a URL are not asked for their content."""
    file = read(Layout.at(settings.var_dir))
    running = file if file is not None and file.is_alive else None
    urls = {**(running.urls if running else {}), **configured(settings)}
    yield software.check_python
    yield partial(software.check_models, settings)
    if not quick:
        yield partial(software.check_torch, _ray_environment(settings, running))
    yield partial(machine.check_var, settings)
    yield machine.check_shared_memory
    yield machine.check_open_files
    yield partial(machine.check_port, settings)
    for name in servers.SERVERS:
        yield partial(servers.check_server, name, urls)
    if urls.get("postgres"):
        yield partial(contents.check_database, urls["postgres"], settings)
    if urls.get("rabbitmq"):
        yield partial(contents.check_queues, urls["rabbitmq"])
    if urls.get("mongodb"):
        yield partial(contents.check_results, urls["mongodb"], settings.mongodb_database)
    if urls.get("media"):
        yield partial(contents.check_media, urls["media"])
    yield partial(stack.check_stack, settings)
    if settings.api_url or running:
        yield partial(stack.check_api, settings.api_url or (running.api_url if running else ""), api_key)


def _ray_environment(settings: Settings, running: StackFile | None) -> dict[str, str]:
    if running is not None:
        return dict(running.ray_environment)
    return {"RAY_ADDRESS": settings.ray_address} if settings.ray_address else {}


def _run(check: Check) -> list[Finding]:
    """Run one check. Its exception becomes a finding, so that the other findings are still printed."""
    try:
        return list(check())
    except Exception as error:  # noqa: BLE001 - reported as a fault of this command
        name = getattr(check, "func", check).__name__
        return [
            problem(
                name.removeprefix("check_"),
                f"could not be looked at: {type(error).__name__}: {error}",
                "This is a fault of this command; report it with the lines above.",
            )
        ]


def _show(findings: Sequence[Finding]) -> None:
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        print(f"{_SIGNS[finding.level]}  {finding.what:<{width}}  {finding.told}")
        if finding.advice:
            print(f"{'':{len(_SIGNS[Severity.OK]) + width + 4}}→ {finding.advice}")
    wrong = sum(finding.level is Severity.PROBLEM for finding in findings)
    warned = sum(finding.level is Severity.WARNING for finding in findings)
    print(f"\n{len(findings)} looked at: {wrong} problems, {warned} warnings.")
