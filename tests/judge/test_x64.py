"""A notebook that switches JAX to 64 bits loses nothing."""

from tests.helpers import FULL, grade, points, with_cell


def test_sixty_four_bits_are_right_too(engine):
    """jax_enable_x64 in a cell changes dtypes everywhere, and no point."""
    result = grade(with_cell("import jax\njax.config.update('jax_enable_x64', True)"), engine)
    assert points(result) == FULL
