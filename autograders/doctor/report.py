"""What the doctor found, for the terminal and as JSON."""

import collections
import dataclasses
import json
from collections.abc import Sequence

from rich.console import Console, Group
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from autograders.doctor.attack import Attack
from autograders.doctor.standing import Standing, standings, verdict
from autograders.doctor.trying import Outcome, attempts
from autograders.judge.learners import Engine

STYLES = {"blocked": "green", "bounded": "green", "open": "yellow", "SUCCEEDED": "bold red", "broken": "bold red"}


def tried(attacks: Sequence[Attack], engine: Engine) -> list[Outcome]:
    """What became of the attacks; a bar moves meanwhile."""
    console = Console(stderr=True)
    work = track(attempts(attacks, engine), "Attacking canaries", len(attacks), console=console, transient=True)
    return list(work)


def rendered(engine: Engine, outcomes: Sequence[Outcome]) -> Group:
    """The layers, the verdict on this machine, and the attacks where some were made."""
    parts = [_layers(standings(engine)), escape(verdict(engine.layers))]
    return Group(*parts, _attacks(outcomes), _sum(outcomes)) if outcomes else Group(*parts)


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


def _sum(outcomes: Sequence[Outcome]) -> str:
    counts = collections.Counter(one.status for one in outcomes)
    return f"{len(outcomes)} attacks: " + ", ".join(f"{n} {status}" for status, n in counts.items())


def document(engine: Engine, outcomes: Sequence[Outcome]) -> str:
    """The same as one JSON document."""
    found = {
        "layers": [dataclasses.asdict(one) for one in standings(engine)],
        "verdict": verdict(engine.layers),
        "attacks": [dataclasses.asdict(one) for one in outcomes],
    }
    return json.dumps(found)
