"""Answers a judge's requests with the learner's functions; runs in the learner's process or in the learner's own kernel."""

import contextlib
import linecache
import re
import resource
import signal
import sys
import traceback
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import msgspec

from autograders.learner import circumstances, clues, dropped, observing, places, tracing
from autograders.learner.messages import (
    Call,
    Done,
    Lookup,
    Missing,
    Raised,
    Reply,
    Request,
    Returned,
    Scalar,
    StandIn,
    Target,
    Trace,
    Traced,
    Usage,
    Used,
)
from autograders.learner.values import Objects, remembered, storable

MAX_MESSAGE = 1500  # characters of an exception's text
MAX_RECORDS = 256
SHELL = re.compile(r"In|Out|_+|_i+|_[iod]h|_i?\d+|_exit_code|__.*__")  # names that IPython gives
PACKAGE = Path(__file__).parents[1]
MODULE_GETATTR = ("getattr", "__getattr__")
AHEAD_OF_TIME = {jax.stages.Compiled.__call__.__code__, jax.stages.Compiled.call.__code__}

AGAIN_S = 1.0  # after a time limit that was caught and forgotten, as JAX does while it reads its cache


class TimeUp(BaseException):
    """A time limit, raised inside the learner's code; not an Exception, so that `except Exception` does not swallow it."""


class Undefined(Exception):
    """A name that the submission does not define."""


class Answerer:
    """Looks names up in a namespace when asked, calls, traces and observes what they stand for.

    `alarms` says whether time limits are set by SIGALRM here; in a learner's own kernel they are not. `stopped` are the
    errors of the cells that would have defined a name.
    """

    def __init__(self, namespace: dict[str, Any], alarms: bool, stopped: dict[str, Raised] | None = None):
        self.namespace, self.alarms = namespace, alarms
        self.stopped = {} if stopped is None else stopped
        self.objects = Objects()

    def answer(self, request: Request) -> Reply:
        """The reply to one request; whatever the learner's code raises comes back as `Raised`."""
        try:
            limit = getattr(request, "seconds", 0) if self.alarms else 0
            # JAX's own frames stay in tracebacks inside, for `raised` to look at.
            with warnings.catch_warnings(), _setting("jax_traceback_filtering", "off"), time_limit(limit):
                warnings.simplefilter("ignore")
                return self._answers[type(request)](self, request)
        except Undefined as error:
            return Missing(str(error), self.stopped.get(str(error)))
        except KeyboardInterrupt:
            if not self.alarms:
                raise
            return raised(*sys.exc_info()[1:])
        except BaseException as error:  # SystemExit and TimeUp are answers too
            return raised(error, error.__traceback__)

    def _lookup(self, request: Lookup) -> Returned:
        return Returned(self.objects.describe(self._target(request.target)))

    def _call(self, request: Call) -> Returned:
        function = self._target(request.target)
        args, kwargs = self._arguments(request)
        before, handed = remembered((args, kwargs)), jax.tree.leaves((args, kwargs))
        owner = getattr(function, "__self__", None)
        world = self._world(owner) if request.watch else {}
        with (
            observing.printed_text() as printed,
            observing.trace_events() as traced,
            self._recorded(request.record) as records,
            self._compiled(request.compiled),
        ):
            asked = tracing.TRANSFORMS[request.transform](function) if request.transform else function
            result = asked(*args, **kwargs)
            jax.block_until_ready(result)
            jax.effects_barrier()
        return Returned(
            self.objects.describe(result),
            printed[0],
            tuple(observing.changed_places(before, (args, kwargs), handed)),
            tuple(places.changes(world, self._world(owner))) if request.watch else (),
            len(traced),
            _hands_back(result, (*args, *kwargs.values())),
            tuple(self.objects.describe(record, depth=2) for record in records[:MAX_RECORDS]),
        )

    def _trace(self, request: Trace) -> Traced:
        function = self._target(request.target)
        args = tuple(self.objects.build(a) for a in request.args)
        fixed = tuple(isinstance(a, Scalar) or getattr(a, "fixed", False) for a in request.args)
        owner = getattr(function, "__self__", None)
        world, before = self._world(owner) if request.watch else {}, dict(self.namespace)
        # The same answer is the same program, wherever it was asked from.
        nowhere = _setting("jax_traceback_in_locations_limit", 0)
        with nowhere, observing.printed_text(), tracing.afresh() if request.again else contextlib.nullcontext():
            traced = tracing.trace(self.objects, function, args, fixed, request.transform)
        wrote = places.changes(world, self._world(owner)) if request.watch else []
        self._take_tracers_back(before)
        return msgspec.structs.replace(traced, wrote=tuple(wrote), dropped=dropped.names(function, self.namespace))

    def _take_tracers_back(self, before: dict[str, Any]) -> None:
        """Tracing is our wish: globals that it filled with tracers get back what they held, for the calls to come."""
        for name, value in self.namespace.items():
            if value is not before.get(name) and any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves(value)):
                self.namespace[name] = before.get(name)

    def _stand_in(self, request: StandIn) -> Done:
        space: dict[str, Any] = {"__name__": "__main__"}
        with observing.printed_text():
            for source in request.sources:
                exec(compile(source, "<reference>", "exec"), space)
        self.namespace.update({name: space[name] for name in request.names})
        return Done()

    def _usage(self, request: Usage) -> Used:
        return used()

    _answers = {Lookup: _lookup, Call: _call, Trace: _trace, StandIn: _stand_in, Usage: _usage}

    def _named(self, name: str) -> Any:
        if name not in self.namespace:
            raise Undefined(name)
        return self.namespace[name]

    def _target(self, target: Target) -> Any:
        owner = self._named(target.name) if target.name else self.objects.held[target.ref]
        return getattr(owner, target.method) if target.method else owner

    def _arguments(self, request: Call) -> tuple[tuple, dict]:
        args = tuple(self.objects.build(a) for a in request.args)
        kwargs = {key: self.objects.build(a) for key, a in request.kwargs.items()}
        return args, kwargs

    def _world(self, owner: Any) -> dict[str, Any]:
        """Marks of the learner's own globals, of shared randomness and of the object whose method is called."""
        found = places.randomness()
        if owner is not None and not isinstance(owner, types.ModuleType):
            found |= places.snapshot(owner, "self", "self")
        for name, value in list(self.namespace.items()):
            if not SHELL.fullmatch(name) and not isinstance(value, types.ModuleType):
                found |= places.snapshot(value, f"the global {name}", "global")
        return found

    @contextlib.contextmanager
    def _recorded(self, name: str) -> Iterator[list[Any]]:
        """Notes the calls of a global function meanwhile; without that name nothing is noted.

        What was compiled around it before is compiled anew, before and after: it would not call the recorder, or always.
        """
        records: list[Any] = []
        if not name or name not in self.namespace:
            yield records
            return
        original = self.namespace[name]
        around = [f for f in self.namespace.values() if f is not original and places.is_jitted(f)]
        _forget_compiled(around)
        recorder = self.namespace[name] = observing.Recorder(original)
        try:
            yield records
        finally:
            self.namespace[name] = original
            _forget_compiled(around)
            records += recorder.records

    @contextlib.contextmanager
    def _compiled(self, name: str) -> Iterator[None]:
        """Lets jit compile a global function meanwhile; without that name nothing is changed."""
        original = self.namespace.get(name)
        if not callable(original):
            yield
            return
        self.namespace[name] = jax.jit(original)
        try:
            yield
        finally:
            self.namespace[name] = original


def _forget_compiled(functions: list[Any]) -> None:
    for function in functions:
        with contextlib.suppress(Exception):  # compiled ahead of time, or an object of the learner's own
            function.clear_cache()


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises TimeUp inside when it takes longer; 0 means no limit.

    What JAX was about to remember then, it would take for a call of itself the next time: it forgets all.
    """
    if not seconds:
        yield
        return
    struck = False

    def stop(number: int, frame: Any) -> None:
        nonlocal struck
        struck = True
        raise TimeUp(f"{seconds:g} s")

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        if struck:
            jax.clear_caches()


@contextlib.contextmanager
def _setting(name: str, value: Any) -> Iterator[None]:
    """A setting of JAX's, inside."""
    before = getattr(jax.config, name)
    jax.config.update(name, value)
    try:
        yield
    finally:
        jax.config.update(name, before)


def _hands_back(result: Any, arguments: tuple) -> bool:
    """Whether the result, or a part of it, is the very object that was handed over."""
    parts = (result, *(result if isinstance(result, (tuple, list)) else ()))
    return any(part is argument and not isinstance(part, (int, float)) for part in parts for argument in arguments)


def kinds(error: BaseException) -> tuple[str, ...]:
    """The names of an exception's classes, its own first; without Python's private ones, such as that of a cell cut short."""
    private = {c for c in type(error).__mro__ if c.__module__ == "builtins" and c.__name__.startswith("_")}
    return tuple(c.__name__ for c in type(error).__mro__ if c not in {object, *private})


def raised(error: BaseException, trace: Any) -> Raised:
    """An exception as data, with the last line of the learner's own code that led to it."""
    line, where = _own_line(trace)
    try:
        text = str(error)
    except Exception:  # a learner's own exception may fail to print itself
        text = ""
    codes = [frame.f_code for frame, _ in traceback.walk_tb(trace)]
    compiled = bool(AHEAD_OF_TIME.intersection(codes))
    return Raised(
        kinds(error),
        storable(text[:MAX_MESSAGE]),
        storable(line),
        where,
        compiled,
        _is_ours(error, codes),
        circumstances.asked_object(error, trace),
        circumstances.inside(trace),
        circumstances.handed_object(error, trace),
        clues=clues.found(error, trace),
        called=circumstances.called(trace),
        doing=circumstances.doing(error, trace),
    )


def _is_ours(error: BaseException, codes: list[types.CodeType]) -> bool:
    """Whether our own code asked a library for something that this version of it does not have."""
    by_module = codes[-1].co_name in MODULE_GETATTR if codes else False  # jax answers for names that it dropped
    absent = isinstance(error, ImportError) or isinstance(getattr(error, "obj", None), types.ModuleType) or by_module
    asked = [code for code in codes if code.co_name not in MODULE_GETATTR]
    return absent and bool(asked) and Path(asked[-1].co_filename).is_relative_to(PACKAGE)


def _own_line(trace: Any) -> tuple[str, str]:
    """The innermost line that stands in no installed file: cells are compiled under names that are no files."""
    for frame in reversed(traceback.extract_tb(trace)):
        if circumstances.is_own(frame.filename):
            return (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()[:200], frame.name
    return "", ""


def used() -> Used:
    """What this process has used so far."""
    told = resource.getrusage(resource.RUSAGE_SELF)
    kib = told.ru_maxrss / 1024 if sys.platform == "darwin" else told.ru_maxrss
    return Used(told.ru_utime + told.ru_stime, kib / 1024)
