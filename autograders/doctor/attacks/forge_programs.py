"""Attacks by a program that another process is to run."""

from collections.abc import Callable

from autograders.doctor.attack import Targets, attack


def _replace_program(change: Callable[[bytes], bytes]) -> None:
    """Has every exported program changed before it is sent."""
    from jax import export

    real = export.Exported.serialize
    export.Exported.serialize = lambda self, **options: bytearray(change(bytes(real(self, **options))))


@attack(bare="")
def mangled_program(targets: Targets) -> None:
    """Sends a program with bytes turned around, which crashes some readers."""
    _replace_program(lambda program: program[:300] + bytes(255 - b for b in program[300:500]) + program[500:])


@attack(bare="")
def cut_program(targets: Targets) -> None:
    """Sends half a program."""
    _replace_program(lambda program: program[: len(program) // 2])


@attack(bare="")
def calling_program(targets: Targets) -> dict:
    """Sends a program that calls a function of the process which runs it."""
    import jax
    from jax import export

    real, safe = export.export, export.DisabledSafetyCheck.custom_call("xla_ffi_python_cpu_callback")
    export.export = lambda f, **options: real(f, disabled_checks=[safe], **options)
    called = lambda x: jax.ffi.ffi_call("xla_ffi_python_cpu_callback", jax.ShapeDtypeStruct(x.shape, x.dtype))(x)
    return {"double": called}


@attack("time", bare="")
def endless_program(targets: Targets) -> dict:
    """Sends a program that never ends."""
    import jax

    endless = lambda x: jax.lax.while_loop(lambda c: c[0] < 9e9, lambda c: -c, x)
    return {"double": lambda x: endless(x) if isinstance(x, jax.core.Tracer) else x}


@attack(bare="")
def gigantic_constant(targets: Targets) -> dict:
    """Sends a program with a constant of 40 MB in it."""
    import jax.numpy as jnp
    import numpy as np

    block = np.random.default_rng(0).normal(size=10 * 2**20).astype(np.float32)
    return {"double": lambda x: x + jnp.asarray(block)[:3]}


@attack(bare="")
def absurd_shape(targets: Targets) -> dict:
    """Sends a program that asks for an array of 16 TB."""
    import jax
    import jax.numpy as jnp

    return {"double": lambda x: jax.lax.sort(jnp.broadcast_to(x[0], (2**42,)))[:3]}
