"""The benchmarks can be started; what they measure takes too long for a test."""

import importlib

import pytest
import typer
from typer.testing import CliRunner

from tests.benchmarks import model

NAMES = ("__main__", "dask_workers", "gradebook", "growth", "kills", "model", "waiting", "where")


@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR")  # of the PostgreSQL server that one of them starts
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_number_is_told(name):
    app = typer.Typer()
    app.command()(importlib.import_module(f"tests.benchmarks.{name}").main)
    assert CliRunner().invoke(app, ["--help"]).exit_code == 0
    assert CliRunner().invoke(app, ["many"]).exit_code == 2


def double(number: int) -> int:
    return 2 * number


def test_workers_that_only_pretend_do_every_task():
    assert sorted(model.Pretended(2).run(double, range(5))) == [(n, 2 * n) for n in range(5)]
