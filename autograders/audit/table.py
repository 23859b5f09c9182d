"""An audit as a table for the terminal."""

from collections.abc import Iterable, Iterator

from rich.console import Console, Group
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from autograders.audit.findings import Finding, Findings

console = Console(stderr=True)


def progress(work: Iterable, what: str, total: int) -> Iterator:
    """The work, with a bar that moves as it is done."""
    yield from track(work, what, total, console=console, transient=True)


def rendered(found: Findings) -> Group:
    """The three rates, every file that is judged wrongly, and what each check is needed for."""
    summary = Table(title="The instrument", title_justify="left", show_header=False)
    for what, said in (
        ("right answers failed", f"{len(found.false_fails)} of {found.right}"),
        ("wrong answers passed", f"{len(found.false_passes)} of {found.wrong}"),
        ("wrong answers failed for other checks", f"{len(found.other_checks)}"),
        ("named with the right id", f"{found.diagnosed} of {found.with_id}"),
        ("verdicts that changed", f"{len(found.flips)} over {found.seeds} seeds"),
        ("results that differed", f"{len(found.differing)} over {found.runs} runs"),
        ("dead checks", f"{len(found.dead)} of {len(found.checks)}"),
    ):
        summary.add_row(what, said)
    parts = [summary]
    for title, wrong in (
        ("Right answers that failed", found.false_fails),
        ("Wrong answers that passed", found.false_passes),
        ("Failed for other checks than the name says", found.other_checks),
        ("Wrong diagnoses", found.misdiagnosed),
        ("Verdicts that depend on the seed", found.flips),
        ("Results that differ between runs", found.differing),
    ):
        if wrong:
            parts.append(_list(title, wrong))
    if found.checks:
        parts.append(_needs(found))
    return Group(*parts)


def _list(title: str, wrong: tuple[Finding, ...]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in ("file", "what"):
        table.add_column(name, overflow="fold")
    for finding in wrong:
        table.add_row(escape(finding.name), escape(finding.what))
    return table


def _needs(found: Findings) -> Table:
    title = "What each check is needed for: wrong answers that it catches, and that need it"
    table = Table("exercise", "check", "catches", "need it", "one that does", title=title, title_justify="left")
    for check in found.checks:
        proof = check.proof.split("/")[-1] or "[bold red]nothing: this check is dead"
        table.add_row(check.exercise, check.id, str(check.catches), str(check.alone), proof)
    return table
