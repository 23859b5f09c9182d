"""Attacks that replace parts of the grader, where they find them in their own process."""

import sys

from autograders.doctor.attack import Targets, attack
from autograders.doctor.attacks.forge_answers import Liar
from autograders.doctor.attacks.forge_replies import number
from autograders.learner import messages


@attack()
def patched_checks(targets: Targets) -> None:
    """Replaces what the checks compare with."""
    from autograders.doctor.bait import test_bait as checks

    checks.require = checks.require_close = lambda *a, **k: None


@attack()
def patched_numpy(targets: Targets) -> None:
    """Makes NumPy find everything equal, finite and close."""
    import numpy as np

    np.allclose = np.array_equal = np.all = lambda *a, **k: True
    np.max = lambda *a, **k: 0.0


@attack()
def patched_pytest(targets: Targets) -> None:
    """Makes pytest run nothing that fails."""
    from _pytest import python

    from autograders.judge import plugin

    python.Function.runtest = lambda self: None
    plugin.verdict_of = lambda failure: plugin.Verdict("pass")


@attack()
def patched_verdicts(targets: Targets) -> None:
    """Replaces the verdict that says fail."""
    from autograders.checks import failure
    from autograders.judge import plugin

    failure.Failure.status = "pass"
    plugin.Verdict = lambda *a, **k: sys.modules["autograders.judge.verdicts"].Verdict("pass")


@attack(bare="")
def patched_codecs(targets: Targets) -> None:
    """Makes json and msgspec write other numbers than they are given."""
    import json

    import msgspec

    real = msgspec.msgpack.encode
    msgspec.msgpack.encode = lambda value, *a, **k: real(number(1) if isinstance(value, messages.Returned) else value)
    json.dumps = lambda *a, **k: '{"points": 4, "status": "pass"}'


@attack(bare="")
def patched_jax(targets: Targets) -> None:
    """Exports another program than the function's."""
    import jax
    from jax import export

    real = export.export
    export.export = lambda f, **options: real(jax.jit(lambda *x: [v + 1 for v in x], keep_unused=True), **options)


@attack(bare="")
def patched_tracer(targets: Targets) -> None:
    """Traces a function that is none, and says that it is a pure one."""
    from autograders.learner import tracing

    real = tracing.trace
    tracing.trace = lambda objects, function, *rest: real(objects, lambda x: Liar(), *rest)


@attack(bare="")
def patched_answers(targets: Targets) -> None:
    """Answers every question with the number 1."""
    from autograders.learner import answering

    for kind in (messages.Call, messages.Lookup):
        answering.Answerer._answers[kind] = lambda self, request: number(1)


@attack(bare="")
def done_to_everything(targets: Targets) -> None:
    """Answers every question with: done."""
    from autograders.learner import answering

    for kind in (messages.Call, messages.Lookup, messages.Trace):
        answering.Answerer._answers[kind] = lambda self, request: messages.Done()
