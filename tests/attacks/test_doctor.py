"""`stateless doctor` tells what holds, what is missing and how to get it, and attacks what holds when asked."""

import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile

import pytest
from typer.testing import CliRunner

from autograders import cli
from autograders.doctor import attack, standing
from autograders.doctor.attack import FAMILIES
from autograders.judge import learners
from autograders.judge.learners import Engine
from autograders.sandbox import compiled, starting
from tests.attacks.conftest import WEAKEST, behind, startable
from tests.helpers import ROOT

pytestmark = [pytest.mark.skipif(not startable(), reason="Linux's layers"), behind(WEAKEST)]
PLAIN_USER = 64321
FEW = ("read-solution", "read-own_environment")


def doctor(monkeypatch, engine: Engine, *options: str) -> tuple[dict, int]:
    monkeypatch.setattr(learners, "engine", lambda limits: contextlib.nullcontext(engine))
    done = CliRunner().invoke(cli.app, ["doctor", "--json", *options])
    assert done.exit_code in (0, 1), done.exception
    return json.loads(done.stdout), done.exit_code


def test_what_holds_is_told(monkeypatch, weakest):
    """With Landlock and seccomp a class may be graded, and the status is 0; what else is missing is named."""
    told, status = doctor(monkeypatch, weakest.engine)
    holding = [one["layer"] for one in told["layers"] if one["holds"]]
    assert (set(holding), status) == ({"process", "rlimits", "landlock", "seccomp"}, 0)
    assert told["verdict"] == "A class may be graded here."
    assert [one["layer"] for one in told["layers"] if not one["holds"]] == ["namespaces", "uid"]


def test_too_little_is_told(monkeypatch, without):
    """Without Landlock a class may not be graded, and the status is 1."""
    told, status = doctor(monkeypatch, without("landlock").engine)
    assert "may not be graded here: landlock missing" in told["verdict"]
    assert status == 1


@pytest.mark.parametrize(
    "tried, says", [("yes", "a backend of JAX that runs already"), ("no", "did not work here"), ("", "waits some 20 s")]
)
def test_how_fast_submissions_start_is_told(monkeypatch, weakest, tmp_path, tried, says):
    monkeypatch.setattr(compiled, "folder", lambda: tmp_path)
    if tried:
        (tmp_path / compiled.PROOF).write_text(tried)
    told, _ = doctor(monkeypatch, weakest.engine)
    assert says in told["pace"]


@pytest.mark.parametrize("lacking, how, expected", [("", "blocked", 0), ("landlock", "SUCCEEDED", 1)])
def test_attacks_decide_the_status(monkeypatch, without, lacking, how, expected):
    """Status 1 when one succeeds; here one that reads a solution."""
    few = [a for a in attack.all_attacks() if f"{a.family}-{a.name}" in FEW]
    monkeypatch.setattr(attack, "all_attacks", lambda: few)
    told, status = doctor(monkeypatch, without(lacking).engine, "--attack")
    assert {a["attack"]: a["status"] for a in told["attacks"]}["solution"] == how
    assert status == expected


def test_the_table_names_every_attack(monkeypatch, weakest):
    """Without --json there is a line for each layer and each attack."""
    few = [a for a in attack.all_attacks() if f"{a.family}-{a.name}" in FEW]
    monkeypatch.setattr(attack, "all_attacks", lambda: few)
    monkeypatch.setattr(learners, "engine", lambda limits: contextlib.nullcontext(weakest.engine))
    said = CliRunner().invoke(cli.app, ["doctor", "--attack"], env={"COLUMNS": "160"}).stdout
    assert all(a.says in said for a in few)
    assert all(layer in said for layer in standing.LAYERS)
    assert "0 canaries read" in said


MISSING = {
    "namespaces": (lambda m: m.setattr(shutil, "which", lambda name: None), "apt install bubblewrap"),
    "landlock": (lambda m: m.setattr(platform, "release", lambda: "5.10.0-8"), "older than 5.13"),
    "seccomp": (lambda m: m.setitem(sys.modules, "pyseccomp", None), "apt install libseccomp2"),
    "uid": (lambda m: m.setattr(os, "geteuid", lambda: 1000), "for root only"),
}


@pytest.mark.parametrize("layer", MISSING)
def test_how_to_get_a_layer(monkeypatch, layer):
    """Where a layer is missing, one line says why and what to do."""
    take_away, advice = MISSING[layer]
    take_away(monkeypatch)
    assert advice in standing.missing(layer)
    assert "\n" not in standing.missing(layer)


def test_a_mac_is_told_plainly(monkeypatch):
    """macOS has none of Linux's layers; that is said, with what follows."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "can read your files" in standing.verdict(["process", "rlimits"])
    assert standing.missing("seccomp") == "exists on Linux only"


FOR_A_USER = os.geteuid() == 0 and all(map(starting.readable_by_others, [*starting.interpreter_folders(), str(ROOT)]))


@pytest.mark.skipif(not FOR_A_USER, reason="not root, or another user cannot read this installation")
@pytest.mark.xdist_group("ordinary user")
def test_an_ordinary_user_is_as_safe():
    """What holds for root holds for a user without rights too."""
    families = [part for family in FAMILIES if family != "forge" for part in ("--family", family)]
    with tempfile.TemporaryDirectory() as home:  # pytest's own lie where root alone may enter
        shutil.chown(home, PLAIN_USER, PLAIN_USER)
        done = subprocess.run(
            [sys.executable, "-m", "autograders.cli", "doctor", "--attack", "--json", *families],
            user=PLAIN_USER, group=PLAIN_USER, extra_groups=[], cwd="/", capture_output=True, text=True,
            env={"HOME": home, "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        )  # fmt: skip
    assert done.stdout, done.stderr
    statuses = {a["attack"]: a["status"] for a in json.loads(done.stdout)["attacks"]}
    assert set(statuses.values()) <= {"blocked", "bounded", "open"}, done.stdout
    assert done.returncode == 0
