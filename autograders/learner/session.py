"""Runs a submission's cells as a notebook would: magics, rich outputs, plots and errors are kept cell by cell."""

import base64
import builtins
import functools
import json
import os
import sys
from pathlib import Path
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets import Type
from traitlets.config import Config

import autograders
from autograders.learner.answering import TimeUp, kinds, raised, time_limit
from autograders.learner.messages import Cell, Raised, Ran

MAX_OUTPUT = 200_000  # characters of one stream or one rich output
MAX_OUTPUTS = 50
NO_SHELL = "Shell commands (! and %%bash) are not available while grading; nothing in the exercises needs them."


class ResultHook(DisplayHook):
    """Keeps the value of a cell's last line as an execute_result instead of printing it."""

    def write_output_prompt(self) -> None: ...

    def write_format_data(self, data: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        number = self.shell.execution_count
        result = {"output_type": "execute_result", "data": data, "metadata": metadata or {}, "execution_count": number}
        self.shell.cell_results.append(result)


class Shell(InteractiveShell):
    """An IPython shell without a terminal: no history file, no input, no child processes, no coloured output."""

    displayhook_class = Type(ResultHook)
    cell_results: list[dict] = []

    def system(self, command: str) -> None:
        print(NO_SHELL)

    def getoutput(self, command: str, split: bool = True, depth: int = 0) -> list[str]:
        print(NO_SHELL)
        return []

    def ask_exit(self) -> None:
        """`exit()` and `quit()` end their cell only."""
        raise SystemExit

    def enable_gui(self, gui: Any = None) -> None:
        """Plots are drawn inline; there is no event loop to join."""

    def _showtraceback(self, kind: Any, value: Any, lines: list[str]) -> None:
        """The caller reads the traceback from the result; nothing is printed."""


def no_script(line: str, cell: str) -> None:
    """`%%bash` and its like while grading."""
    print(NO_SHELL)


def no_input(prompt: str = "") -> str:
    """`input()` while grading: nobody is there to type."""
    raise EOFError("input() has nobody to ask while grading; put the value into the cell instead")


@functools.cache
def shell() -> Shell:
    """This process's shell; where it was made before a fork, the fork has it too."""
    settings = Config()
    settings.HistoryManager.enabled = False
    settings.HistoryManager.hist_file = ":memory:"
    made = Shell.instance(config=settings, colors="nocolor")
    made.enable_matplotlib("inline")
    for language in ("script", *made.magics_manager.registry["ScriptMagics"].script_magics):
        made.register_magic_function(no_script, "cell", language)
    return made


class Session:
    """One submission's shell and namespace, and for names whose cell stopped with an error, that error."""

    def __init__(self) -> None:
        self.stopped: dict[str, Raised] = {}
        self.shell = shell()
        self.namespace = self.shell.user_ns
        self.shell.builtin_trap.activate()
        builtins.input = no_input
        autograders.GRADING = True

    def run(self, cell: Cell, seconds: float) -> Ran:
        """Run one cell within its time limit and keep what it shows; an error or a time-out ends this cell only."""
        self.shell.cell_results = []
        with capture_output(stdout=True, stderr=True, display=True) as captured:
            sys.displayhook = self.shell.displayhook
            try:
                with time_limit(seconds):
                    result = self.shell.run_cell(cell.source, store_history=True)
                error = result.error_before_exec or result.error_in_exec
            except TimeUp as late:
                error = late
            timed_out = isinstance(error, TimeUp)
        outputs = self._outputs(captured)
        if timed_out:
            error = TimeoutError(f"this cell ran for more than {seconds:g} s and was stopped")
        if error is not None:
            outputs.append(self._error(error))
            self.stopped |= dict.fromkeys(cell.defines, raised(error, error.__traceback__))
        name = "time" if timed_out else kinds(error)[0] if error is not None else ""
        return Ran(tuple(json.dumps(o) for o in outputs[:MAX_OUTPUTS]), name)

    def as_python(self, source: str) -> str:
        """A cell's source with its magics as the calls that they stand for."""
        try:
            return self.shell.transform_cell(source)
        except Exception:  # what cannot be transformed will stop as a cell
            return source

    def _outputs(self, captured: Any) -> list[dict]:
        streams = [("stdout", captured.stdout), ("stderr", captured.stderr)]
        outputs = [
            {"output_type": "stream", "name": n, "text": without_paths(text[:MAX_OUTPUT])}
            for n, text in streams
            if text
        ]
        for rich in captured.outputs:
            outputs.append(
                {"output_type": "display_data", "data": _small(rich.data or {}), "metadata": rich.metadata or {}}
            )
        return outputs + [dict(r, data=_small(r["data"])) for r in self.shell.cell_results]

    def _error(self, error: BaseException) -> dict:
        try:
            lines = self.shell.InteractiveTB.structured_traceback(type(error), error, error.__traceback__, tb_offset=1)
            message = str(error)
        except Exception:  # a learner's own exception may fail to print itself
            lines, message = [type(error).__name__], ""
        lines = without_paths("\n".join(lines)).split("\n")
        return {
            "output_type": "error",
            "ename": type(error).__name__,
            "evalue": message[:MAX_OUTPUT],
            "traceback": lines[-30:],
        }


def without_paths(text: str) -> str:
    """Text in which the grader's own folders are not named: tracebacks and warnings go into feedback pages."""
    package = str(Path(autograders.__file__).resolve().parent)
    for folder in sorted({sys.prefix, sys.base_prefix, package, os.getcwd()}, key=len, reverse=True):
        text = text.replace(folder + os.sep, "")
    return text


def _small(data: dict[str, Any]) -> dict[str, Any]:
    """Rich data as text, images in base64, without the forms that are too large to keep."""
    texts = {kind: base64.b64encode(v).decode() if isinstance(v, bytes) else v for kind, v in data.items()}
    return {kind: value for kind, value in texts.items() if len(str(value)) <= MAX_OUTPUT}


def prepare_environment() -> None:
    """What the shell and matplotlib want, set before they are imported: no files outside the scratch folder."""
    scratch = os.getcwd()
    os.environ.update(IPYTHONDIR=scratch, MPLCONFIGDIR=scratch, HOME=scratch, MPLBACKEND="agg")
