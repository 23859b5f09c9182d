"""What the doctor found, for the terminal and as JSON."""

import collections
import dataclasses
import json
from collections.abc import Sequence

from rich.console import Console, Group
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from autograders.doctor.attack import FAMILIES, Attack
from autograders.doctor.standing import Standing, pace, standings, verdict
from autograders.doctor.trying import Outcome, attempts
from autograders.judge.learners import Engine

STYLES = {"blocked": "green", "bounded": "green", "open": "yellow", "SUCCEEDED": "bold red", "broken": "bold red"}


NOTHING = {
    "forge": "0 points forged",
    "read": "0 canaries read",
    "write": "0 bytes written outside",
    "reach": "0 packets out",
    "exhaust": "0 limits passed",
    "outlive": "0 survivors",
}


def tried(attacks: Sequence[Attack], engine: Engine) -> list[Outcome]:
    """What became of the attacks; a bar moves meanwhile."""
    console = Console(stderr=True)
    work = track(attempts(attacks, engine), "Attacking canaries", len(attacks), console=console, transient=True)
    return list(work)


def rendered(engine: Engine, outcomes: Sequence[Outcome]) -> Group:
    """The layers, the verdict on this machine, and the attacks where some were made."""
    parts = [_layers(standings(engine)), escape(verdict(engine.layers)), escape(pace())]
    return Group(*parts, _attacks(outcomes), _sums(outcomes)) if outcomes else Group(*parts)


def _layers(found: Sequence[Standing]) -> Table:
    table = Table.grid(padding=(0, 2))
    for one in found:
        table.add_row(one.layer, "[green]holds" if one.holds else "[yellow]missing", escape(one.says))
    return table


def _attacks(outcomes: Sequence[Outcome]) -> Table:
    table = Table("family", "attack", "", "how", title="Attacks", title_justify="left")
    for one in outcomes:
        table.add_row(one.family, escape(one.says), f"[{STYLES[one.status]}]{one.status}", escape(one.how[:200]))
    return table


def _sums(outcomes: Sequence[Outcome]) -> Table:
    """A line for each family, and one for all."""
    table = Table(
        "family", "attempts", "blocked", "bounded", "got through", "longest", title="In all", title_justify="left"
    )
    for family in FAMILIES:
        made = [one for one in outcomes if one.family == family]
        if made:
            table.add_row(family, *_counts(made), _through(made), f"{max(one.seconds for one in made):.1f} s")
    through = sum(not one.sound for one in outcomes)
    table.add_section()
    table.add_row("all", *_counts(outcomes), str(through), f"{max(one.seconds for one in outcomes):.1f} s")
    return table


def _counts(outcomes: Sequence[Outcome]) -> list[str]:
    counts = collections.Counter(one.status for one in outcomes)
    return [str(n) for n in (len(outcomes), counts["blocked"], counts["bounded"])]


def _through(outcomes: Sequence[Outcome]) -> str:
    """What a family's attacks gained; those that only a missing wall would stop are told apart."""
    counts = collections.Counter(one.status for one in outcomes)
    parts = [
        f"[{STYLES[status]}]{counts[status]} {status}" for status in ("SUCCEEDED", "broken", "open") if counts[status]
    ]
    return "[/], ".join(parts) or f"[green]{NOTHING[outcomes[0].family]}"


def document(engine: Engine, outcomes: Sequence[Outcome]) -> str:
    """The same as one JSON document."""
    found = {
        "layers": [dataclasses.asdict(one) for one in standings(engine)],
        "verdict": verdict(engine.layers),
        "pace": pace(),
        "attacks": [dataclasses.asdict(one) for one in outcomes],
    }
    return json.dumps(found)
