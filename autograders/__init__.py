"""Exercises on stateless models in JAX and Flax that grade themselves."""

from typing import Any

__version__ = "0.1.0"
__all__ = ["check"]

GRADING = False  # true in the process that runs a submission for a grader: checks come later, from outside


def check(question: str, exercise: str = "") -> Any:
    """Check your answer to a question, such as `check("counter_v2")`, and show what holds and what to mend."""
    from autograders.display import notebook

    return notebook.Note("Checked when the notebook has run.") if GRADING else notebook.check(question, exercise)
