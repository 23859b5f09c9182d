"""What a judge asks of a learner's code, and what comes back: data only, checked against these types before use.

Every message is a msgpack document. Between processes it travels behind its length (`send`, `receive`); inside a
learner's own kernel the same objects are handed over directly.
"""

import re
import socket
import struct
import time
from typing import Union

import msgspec

COMPILE = 0  # the number of a learner's process asking, between a question and its answer
MAX_MESSAGE = 64 * 2**20  # bytes; the largest honest message is a batch of records of some MiB


class Array(msgspec.Struct, tag="array", frozen=True):
    """An array as raw bytes in C order; `dtype` is NumPy's name, `bfloat16`, or `key<fry>` for typed PRNG keys."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes
    host: bool = False  # a NumPy array on the learner's side, not a JAX one
    weak: bool = False  # of no firm dtype yet, as a Python number


class Scalar(msgspec.Struct, tag="scalar", frozen=True):
    """A Python number, string or None that stays one."""

    value: Union[bool, int, float, str, None]


class Opaque(msgspec.Struct, tag="opaque", frozen=True):
    """A leaf that is neither an array nor a number: only the name of its type is told."""

    kind: str
    iterator: bool = False


Leaf = Union[Array, Scalar, Opaque]


class Ref(msgspec.Struct, tag="ref", frozen=True):
    """An object that stays in the learner's process, by number; `fixed` keeps it out of a program's inputs."""

    id: int
    fixed: bool = False


class Like(msgspec.Struct, tag="like", frozen=True):
    """An object built like one that stays in the learner's process, with other leaves."""

    id: int
    leaves: tuple[Array, ...]


class Sequence(msgspec.Struct, tag="sequence", frozen=True):
    """A tuple of arguments."""

    items: tuple["Wire", ...]


class Mapping(msgspec.Struct, tag="mapping", frozen=True):
    """A plain dict with string keys."""

    items: dict[str, "Wire"]


Wire = Union[Array, Scalar, Ref, Like, Sequence, Mapping]


class Target(msgspec.Struct, frozen=True):
    """What to call: a name of the learner's, or an object held by reference; with `method`, that attribute of it."""

    name: str = ""
    ref: int = -1
    method: str = ""


class Cell(msgspec.Struct, frozen=True):
    """One code cell: its place in the notebook, its source, and whether it only shows something, as it came."""

    index: int
    source: str
    shows: bool = False

    @property
    def defines(self) -> set[str]:
        """The names that it gives a meaning to at its top level, also where it is no valid Python."""
        found = re.findall(r"^(?:class|def|async def)\s+(\w+)|^(\w+)\s*[:=]", self.source, re.MULTILINE)
        return {name for pair in found for name in pair if name}


class Choose(msgspec.Struct, tag="choose", frozen=True):
    """Say which of the cells have to be run; asked before any of them is."""

    cells: tuple[Cell, ...]


class Run(msgspec.Struct, tag="run", frozen=True):
    """Run one cell as IPython would."""

    cell: Cell
    seconds: float


class Lookup(msgspec.Struct, tag="lookup", frozen=True):
    """Describe the object that a name, or an attribute of an object, stands for."""

    target: Target


class Call(msgspec.Struct, tag="call", frozen=True):
    """Call a target on fresh copies of the arguments; meanwhile the calls of `record` are noted, and `compiled` runs under jit."""

    target: Target
    args: tuple[Wire, ...] = ()
    kwargs: dict[str, Wire] = {}
    watch: bool = False
    record: str = ""
    transform: str = ""
    compiled: str = ""
    seconds: float = 60.0


class Trace(msgspec.Struct, tag="trace", frozen=True):
    """Trace a target for arguments like these and export the program; Python numbers among them stay fixed."""

    target: Target
    args: tuple[Wire, ...]
    transform: str = ""
    again: bool = False  # forget what was traced before
    watch: bool = False
    seconds: float = 60.0


class StandIn(msgspec.Struct, tag="stand_in", frozen=True):
    """Replace names in the learner's namespace by those that these cells define."""

    sources: tuple[str, ...]
    names: tuple[str, ...]


class Usage(msgspec.Struct, tag="usage", frozen=True):
    """Ask what the process has used so far."""


Request = Union[Choose, Run, Lookup, Call, Trace, StandIn, Usage]


class Described(msgspec.Struct, frozen=True):
    """An object as data: its type, the leaves of its pytree with their key paths, and its parts when it is a tuple or list.

    Equal `tree` numbers from one learner process mean equal tree definitions. The leaves of a tuple stand in `items`.
    """

    ref: int
    kind: str
    tree: int = -1
    callable: bool = False
    paths: tuple[str, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    items: tuple["Described", ...] = ()

    def __post_init__(self) -> None:
        if len(self.paths) != len(self.leaves):
            raise ValueError(f"{len(self.paths)} paths to {len(self.leaves)} leaves")


class Place(msgspec.Struct, frozen=True):
    """Where something was written: how it reads, whose it is, what kind of object stands there now, whether a list grew.

    `scope` is self, class, global, default, closure or function; argument for a change of what was handed over. `kind`
    is a type's name, or one of tracer, key, array, numpy array, container, ref, iterator, random, jitted.
    """

    path: str
    scope: str
    kind: str
    grew: bool = False


class Returned(msgspec.Struct, tag="returned", frozen=True):
    """A result, and what was observed while it was computed (testimony of the learner's process)."""

    value: Described
    printed: str = ""
    changed: tuple[Place, ...] = ()  # arguments changed in place
    wrote: tuple[Place, ...] = ()  # attributes, globals, defaults written
    traces: int = 0
    same_object: bool = False  # the result, or a part of it, is one of the arguments
    records: tuple[Described, ...] = ()  # one (state, batch, new state, loss) for each recorded call


class Raised(msgspec.Struct, tag="raised", frozen=True):
    """An exception of the learner's code: its class and bases, its first lines, and the learner's own line."""

    types: tuple[str, ...]
    message: str
    line: str = ""
    where: str = ""
    compiled: bool = False  # JAX refused to trace a function that is already compiled ahead of time
    ours: bool = False  # raised by our own code, which met a version of JAX that it does not know
    asked: tuple[str, ...] = ()  # classes of the object that lacks an attribute
    inside: tuple[str, ...] = ()  # functions of libraries that the learner's line was in
    handed: tuple[str, ...] = ()  # classes of the first thing handed to JAX that is neither array nor number
    called: tuple[str, ...] = ()  # kinds of what the library functions on the way held: `apply_gradients.grads=dict`
    doing: str = ""  # what the learner's own line was about to do, in the words of circumstances.doing
    clues: tuple[str, ...] = ()  # what else was seen at the place where it arose, in the words of learner/clues.py


class Spec(msgspec.Struct, frozen=True):
    """Shape and dtype of one input or output of a program."""

    dtype: str
    shape: tuple[int, ...]


class Traced(msgspec.Struct, tag="traced", frozen=True):
    """A program over flat leaves: StableHLO bytes (empty when a host callback forbids export), and what goes in and out.

    `outputs` describes the result with Array leaves that have a dtype and a shape but no data.
    """

    program: bytes
    inputs: tuple[Spec, ...]
    outputs: Described
    callbacks: tuple[str, ...] = ()
    equations: int = 0
    outside_jit: int = 0  # equations outside the largest top-level jit
    operations: tuple[str, ...] = ()  # what kinds of operations there are
    unused: tuple[str, ...] = ()  # operations whose results nothing uses
    makers: tuple[str, ...] = ()  # the operation that made each output; "input" for what only passes through
    wrote: tuple[Place, ...] = ()  # what tracing wrote, or left a tracer in
    dropped: tuple[str, ...] = ()  # names of calls whose result nobody takes


class Missing(msgspec.Struct, tag="missing", frozen=True):
    """No such name in the learner's namespace; `stopped` is what ended the cell that would have defined it."""

    name: str
    stopped: Raised | None = None


class Ran(msgspec.Struct, tag="ran", frozen=True):
    """The outputs of a cell, each a JSON document in the form of nbformat, and how it ended: '', an error's name, or 'time'."""

    outputs: tuple[str, ...]
    error: str = ""


class Chosen(msgspec.Struct, tag="chosen", frozen=True):
    """The places of the cells to run."""

    needed: tuple[int, ...]


class Used(msgspec.Struct, tag="used", frozen=True):
    """CPU seconds and peak resident MiB."""

    cpu_s: float
    peak_mib: float


class Done(msgspec.Struct, tag="done", frozen=True):
    """Carried out; nothing to tell."""


Reply = Union[Returned, Raised, Traced, Missing, Chosen, Ran, Used, Done]


class Numbered(msgspec.Struct, frozen=True):
    """A request or a reply, under a number that only its judge knows in advance."""

    number: int
    body: bytes


class Evaluate(msgspec.Struct, tag="evaluate", frozen=True):
    """Run a program on inputs; with `steps` > 1, feed outputs back into inputs by `feedback` pairs (output, input)."""

    program: bytes
    inputs: tuple[Array, ...]
    steps: int = 1
    feedback: tuple[tuple[int, int], ...] = ()


class Evaluated(msgspec.Struct, tag="evaluated", frozen=True):
    """The outputs of the last step, and the outputs that are not fed back of every step."""

    outputs: tuple[Array, ...]
    history: tuple[tuple[Array, ...], ...] = ()


class Compile(msgspec.Struct, tag="compile", frozen=True):
    """Compile a program, in MLIR's bytecode, with XLA's options in their own encoding."""

    module: bytes
    options: bytes


class Compiled(msgspec.Struct, tag="compiled", frozen=True):
    """What JAX keeps of a compiled program; empty where it could not be compiled."""

    executable: bytes


class Connection:
    """Length-prefixed messages over a stream socket, with a size limit and a time limit."""

    def __init__(self, stream: socket.socket):
        self.stream = stream

    def send(self, number: int, body: bytes) -> None:
        message = msgspec.msgpack.encode(Numbered(number, body))
        self.stream.sendall(struct.pack("<I", len(message)) + message)

    def receive(self, seconds: float | None = None) -> Numbered:
        """The next message, whole within so many seconds.

        Raises EOFError when the other side is gone, ValueError when it sends nonsense, TimeoutError when it is late.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        (size,) = struct.unpack("<I", self._exactly(4, deadline))
        if size > MAX_MESSAGE:
            raise ValueError(f"a message of {size} bytes; the limit is {MAX_MESSAGE}")
        return msgspec.msgpack.decode(self._exactly(size, deadline), type=Numbered)

    def _exactly(self, size: int, deadline: float | None) -> bytes:
        chunks, missing = [], size
        while missing:
            if deadline is not None:
                self.stream.settimeout(max(deadline - time.monotonic(), 0.001))
            chunk = self.stream.recv(min(missing, 2**20))
            if not chunk:
                raise EOFError("the other process is gone")
            chunks.append(chunk)
            missing -= len(chunk)
        return b"".join(chunks)
