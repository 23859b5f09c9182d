"""The audit tells false verdicts, wrong diagnoses, flips, differing runs and dead checks apart from sound ones."""

from pathlib import Path

import pytest

from autograders.audit import auditing, corpus, findings
from autograders.audit.corpus import Known
from autograders.audit.findings import CheckNeed
from autograders.audit.running import Outcome, Task
from autograders.course.crew import Crew

FOLDER = Path(__file__).parents[1] / "submissions"
ROOT = Path(__file__).parents[2]


def known(failed: str = "", ids: tuple[str, ...] = ()) -> Known:
    names = frozenset(failed.split())
    return Known(Path("some.py"), "counter", not names, names, "why", ids)


def outcome(
    failed: str = "", named: dict[str, str] | None = None, seed: str = "public", digest: str = "same"
) -> Outcome:
    statuses = {check: "fail" if check in failed.split() else "pass" for check in ("a", "b", "c")}
    told = {check: (named or {}).get(check, "") for check in failed.split()}
    return Outcome("counter/some", seed, statuses, told, {}, (), digest)


def collected(file: Known, *outcomes: Outcome, checks: tuple[CheckNeed, ...] = ()) -> findings.Findings:
    return findings.collect([file], {file.name: list(outcomes)}, checks, 1, 1)


@pytest.mark.parametrize(
    ("needs", "here"), [("", True), ("jax>=0.6", True), ("jax>=0.6, flax>=99", False), ("optax<0.1", False)]
)
def test_what_older_packages_lack_is_left_out(tmp_path, needs, here):
    """An answer that uses something new tells nothing about the grader where it cannot run."""
    file = tmp_path / "good__new.py"
    file.write_text(f"# Newer than the oldest packages.\n# needs: {needs}\n")
    assert corpus.read(file, "counter").runs_here == here


def test_a_right_answer_that_fails_is_a_false_fail():
    found = collected(known(), outcome("a"))
    assert found.false_fails[0].what == "also fails a, seed public"
    assert not found.sound


def test_a_wrong_answer_that_passes_is_a_false_pass():
    found = collected(known("a"), outcome())
    assert found.false_passes and not found.other_checks
    assert not found.sound


def test_a_wrong_answer_that_fails_for_another_check_is_told():
    found = collected(known("a"), outcome("b"))
    assert found.other_checks[0].what == "also fails b; passes a, seed public"
    assert not found.false_passes
    assert not found.sound


@pytest.mark.parametrize(
    ("ids", "named", "right"),
    [
        (("C10",), {"a": "C10"}, True),
        (("C10", "C25"), {"a": "C10", "b": "C25"}, True),
        (("C10",), {"a": "C10", "b": "C25"}, False),  # an id that is not true of it
        (("C10", "C25"), {"a": "C25"}, False),  # the mistake itself is not named
        (("C10",), {}, False),
        ((), {}, True),
        ((), {"a": "C10"}, False),
    ],
)
def test_a_diagnosis_names_the_mistake_and_nothing_untrue(ids, named, right):
    assert (findings.diagnosis_of(known("a b", ids), outcome("a b", named)) is None) == right


def test_a_verdict_that_depends_on_the_seed_is_a_flip():
    found = collected(known("a"), outcome("a"), outcome("a b", seed="other"))
    assert found.flips[0].what == "b: seeds public and other disagree"
    assert not found.sound


def test_runs_that_differ_under_one_seed_are_told():
    found = collected(known(), outcome(), outcome(digest="another"))
    assert found.differing and not found.flips
    assert not found.sound


def test_runs_under_different_seeds_may_differ():
    assert collected(known(), outcome(), outcome(seed="other", digest="another")).sound


def test_a_check_that_nothing_needs_is_dead():
    found = collected(known(), outcome(), checks=(CheckNeed("counter", "a", 3, 0, ""),))
    assert [check.id for check in found.dead] == ["a"]
    assert not found.sound


def test_blunting_a_check_lets_a_wrong_answer_through():
    files = [
        k
        for k in corpus.load(FOLDER, ["counter"])
        if k.path.stem.endswith("__no_freeze") or k.path.stem.endswith("__scan_unrolled")
    ]
    assert len(files) == 2
    tasks = [Task(known, ROOT / "solutions") for known in files]
    with Crew(1) as crew:
        found, _ = auditing.audit(tasks, 0, 1, crew, lambda work, what, total: work)
    needed = {check.id for check in found.checks if check.proof}
    assert needed == {"program_does_not_grow"}  # three predictions fail in the other file: none is alone
    assert {check.id for check in found.checks if check.catches} == needed | {
        "predicts_three_jitted_calls",
        "predicts_jitted_after_five_eager",
        "predicts_n_on_the_object",
    }


def test_a_file_that_does_not_say_why_is_refused(tmp_path):
    file = tmp_path / "bad__same_under_jit__nothing_said.py"
    file.write_text("x = 1\n")
    with pytest.raises(ValueError, match="must tell why"):
        corpus.read(file, "counter")
