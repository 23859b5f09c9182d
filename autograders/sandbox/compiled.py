"""Compiled library programs, made once on a machine and read by every learner's process.

Without them each process would compile the same initialisers and array operations again, which is most of its work.
The folder is filled by confined processes that run library calls only (`warmup.py`, `others.py`), never anything of a learner's or
of a solution's, and what they made is written here by the grader: an entry is native code.
"""

import contextlib
import dataclasses
import fcntl
import hashlib
import importlib.metadata
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy")
FLAGS = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
KNOWN_TO = (0, 11)  # the first jaxlib with which FLAGS were not tried; one that it did not know would end the process
WARMERS = ("warmer", "warmer of others")  # the processes that fill the folder, side by side
PROOF = f"forks-{os.cpu_count()}"  # how many threads a backend has depends on the cores
NEVER = 1e9  # seconds: no program takes so long to compile, so none is written


@dataclasses.dataclass(frozen=True)
class Programs:
    """A folder of compiled programs; `adds` says whether a process that uses it also writes there."""

    folder: Path
    adds: bool = False

    def use(self) -> None:
        """Let JAX in this process look there before it compiles."""
        import jax

        jax.config.update("jax_compilation_cache_dir", str(self.folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0 if self.adds else NEVER)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
        # Caches of XLA's own would put the folder's name into the keys.
        jax.config.update("jax_persistent_cache_enable_xla_caches", "none")


def xla_flags() -> str:
    """The user's settings, and ours: small programs compile in half the time, and run as fast."""
    major, minor, *_ = importlib.metadata.version("jaxlib").split(".")
    ours = FLAGS if (int(major), int(minor)) < KNOWN_TO else ""
    return f"{ours} {os.environ.get('XLA_FLAGS', '')}".strip()


def root() -> Path:
    """The folder of ours in the user's cache; root's lies where another user may read."""
    if os.geteuid() == 0:
        return Path("/var/cache/stateless-flax")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stateless-flax"


def folder() -> Path:
    """Where the programs of these versions on this kind of processor lie."""
    return root() / _fingerprint()


def _fingerprint() -> str:
    """Differs where a compiled program might: packages, what is compiled, and what the processor can do."""
    parts = [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    parts += [
        Path(__file__).with_name(name).read_text() for name in ("warmup.py", "others.py", "threads.py", "rows.py")
    ]
    parts += [xla_flags()]
    with contextlib.suppress(OSError):
        about = Path("/proc/cpuinfo").read_text().split("\n")
        parts += sorted({line for line in about if line.startswith(("flags", "Features", "model name"))})
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def proof(library: Path) -> str:
    """Whether it worked here to fork processes whose backend runs already, with these programs: yes, no, or not tried."""
    with contextlib.suppress(OSError):
        return (library / PROOF).read_text() or "not tried"
    return "not tried"


def proven(library: Path) -> bool:
    """Whether it was tried here, and worked."""
    return proof(library) == "yes"


def ensure(compile_all: Callable[[], dict[str, bytes]], prove: Callable[[Path], bool]) -> Path | None:
    """The folder, filled with what `compile_all` returns when it is not there yet; None where that is not possible.

    What `prove` says of the folder is kept there, too.
    """
    made = folder()
    if not made.is_dir():
        with _others_waiting():
            if not made.is_dir():
                _fill(made, compile_all)
    if not made.is_dir():
        return None
    if not (made / PROOF).exists():
        with contextlib.suppress(OSError):
            (made / PROOF).write_text("yes" if prove(made) else "no")
    return made


@contextlib.contextmanager
def _others_waiting() -> Iterator[None]:
    """Who else comes here on this machine waits until this block is left; where no file can be locked, nobody waits."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            root().mkdir(parents=True, exist_ok=True)
            fcntl.flock(held.enter_context(open(root() / "filling", "w")), fcntl.LOCK_EX)
        yield


def _fill(wanted: Path, compile_all: Callable[[], dict[str, bytes]]) -> None:
    made = None
    try:
        wanted.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix="filling-", dir=wanted.parent))
        for name, content in compile_all().items():
            (made / Path(name).name).write_bytes(content)
        made.chmod(0o755)
        made.rename(wanted)  # whoever comes second finds it there, which is as good
    except (OSError, RuntimeError):  # no home, a full disk: it works without, only slower
        if made:
            shutil.rmtree(made, ignore_errors=True)
