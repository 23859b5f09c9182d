"""What importing costs and brings, and where outside things are used."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import autograders
from tests.conftest import ROOT

PACKAGE = Path(autograders.__file__).parent


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_import_takes_no_jax_and_no_nbgrader():
    """`import autograders` starts no backend, for it does not even import JAX; nbgrader stays out as well."""
    out = run("import autograders, sys; print([m for m in ('jax', 'nbgrader', 'pytest', 'numpy') if m in sys.modules])")
    assert out.strip() == "[]"


def test_judge_takes_no_jax():
    """The process that holds seeds and points never imports JAX, nor does it start a backend."""
    out = run("import autograders.judge.grading, sys; print('jax' in sys.modules)")
    assert out.strip() == "False"


def test_grading_a_course_has_no_grammar_compiled(tmp_path):
    """`stateless grade` reads notebooks without the grammar that jsonschema would have compiled on import."""
    (tmp_path / "submitted").mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    ask = "import sys; print({m: m in sys.modules for m in ('jsonschema', 'lark')})"
    code = f"from autograders import cli; cli.app(['grade', 'submitted'], standalone_mode=False); {ask}"
    out = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "{'jsonschema': True, 'lark': False}"


@pytest.mark.parametrize("outside, folder", [("nbgrader", "course"), ("IPython", "learner"), ("jupytext", "course")])
def test_one_place_for_an_outside_thing(outside, folder):
    """A package that only one part needs is imported in that part alone."""
    users = [
        p
        for p in PACKAGE.rglob("*.py")
        if "attacks" not in p.parts  # they are what a learner might write
        and re.search(rf"^\s*(from|import) {outside}\b", p.read_text(), re.MULTILINE)
    ]
    assert users
    assert {p.relative_to(PACKAGE).parts[0] for p in users} == {folder}


def test_imports_go_one_way():
    """What runs beside a learner's code knows nothing of judging, and displays know only results."""
    forbidden = {
        "learner": ("judge", "course", "exercises", "checks", "display", "sandbox"),
        "sandbox": ("judge", "course", "exercises"),
    }
    for part, others in forbidden.items():
        for path in (PACKAGE / part).glob("*.py"):
            found = re.findall(r"^\s*(?:from|import) autograders\.(\w+)", path.read_text(), re.MULTILINE)
            assert not set(found) & set(others), path


def test_dependencies_say_why():
    """Each dependency has a word on why it is one."""
    text = (ROOT / "pyproject.toml").read_text()
    block = text.split("dependencies = [")[1].split("\n]")[0]
    assert all("# " in line for line in block.strip().split("\n"))


def test_constraints_cover_the_dependencies():
    """Each dependency has a tested version."""
    text = (ROOT / "pyproject.toml").read_text()
    block = text.split("dependencies = [")[1].split("\n]")[0]
    wanted = {name.lower() for name in re.findall(r'"([\w-]+)', block)}
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().split()
        if "==" in line
    }
    assert wanted <= pinned
