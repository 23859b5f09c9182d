"""Exercises on stateless models in JAX and Flax that grade themselves."""

__version__ = "0.1.0"
