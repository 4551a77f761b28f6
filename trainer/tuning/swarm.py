"""Where to look next: a particle swarm, and random search to compare it with.

Source: Kennedy and Eberhart 1995; random search as a control after Bergstra and Bengio 2012.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.search_space import TuningConfig

FASTEST = 0.25
"""Part of a dimension that a particle crosses in one move at most."""

Positions = NDArray[np.float64]
"""(particles, dimensions), each in 0..1."""


class Swarm:
    """A swarm in the unit cube, each particle drawn to its own best and to the best of all.

    It is a function of its seed and of the costs it is told: to take one up again, tell it the
    same costs.
    """

    def __init__(self, plan: TuningConfig, *, seed: int, start: NDArray[np.float64] | None) -> None:
        """Draw the first positions.

        Args:
            plan: Says how many particles there are, and what moves them.
            seed: Of all draws.
            start: A position (dimensions,) that one particle begins at, where there is one.
        """
        self._seed = seed
        self._moves = 0
        wide = np.ones(len(plan.dimensions))
        self._bounds = (0 * wide, wide)
        options = {"c1": plan.cognitive, "c2": plan.social, "w": plan.inertia}
        with _quiet(), self._drawing():
            from pyswarms.backend import handlers
            from pyswarms.backend.generators import create_swarm
            from pyswarms.backend.topology import Star

            self._swarm: Any = create_swarm(
                plan.particles,
                len(plan.dimensions),
                options=options,
                bounds=self._bounds,
                clamp=(-FASTEST, FASTEST),
            )
            self._topology = Star()
            self._at_the_edge = handlers.BoundaryHandler(strategy="reflective")
            self._in_a_hurry = handlers.VelocityHandler(strategy="unmodified")
        if start is not None:
            self._swarm.position[0] = start
        self._swarm.pbest_pos = self._swarm.position.copy()
        self._swarm.pbest_cost = np.full(plan.particles, np.inf)

    @property
    def positions(self) -> Positions:
        """Where the particles are."""
        return np.array(self._swarm.position, np.float64)

    def move(self, costs: NDArray[np.float64]) -> None:
        """Move on, after being told the costs (particles,) of the positions.

        At least one cost ever told must be finite.
        """
        from pyswarms.backend import operators

        swarm, topology = self._swarm, self._topology
        swarm.current_cost = costs
        swarm.pbest_pos, swarm.pbest_cost = operators.compute_pbest(swarm)
        swarm.best_pos, swarm.best_cost = topology.compute_gbest(swarm)
        with self._drawing():
            swarm.velocity = topology.compute_velocity(
                swarm, clamp=(-FASTEST, FASTEST), vh=self._in_a_hurry, bounds=self._bounds
            )
            swarm.position = topology.compute_position(
                swarm, bounds=self._bounds, bh=self._at_the_edge
            )

    @contextmanager
    def _drawing(self) -> Iterator[None]:
        """The library draws from numpy's global generator: lend it one of our own meanwhile."""
        before = np.random.get_state()  # noqa: NPY002 - it is the generator in question
        sequence = np.random.SeedSequence([self._seed, self._moves])
        np.random.set_state(np.random.RandomState(np.random.MT19937(sequence)).get_state())  # noqa: NPY002
        self._moves += 1
        try:
            yield
        finally:
            np.random.set_state(before)  # noqa: NPY002


class RandomSearch:
    """As many positions as a swarm would judge, drawn independently and evenly."""

    def __init__(self, plan: TuningConfig, *, seed: int, start: NDArray[np.float64] | None) -> None:
        """Draw the first positions; see `Swarm`."""
        self._rng = np.random.default_rng([seed, 1])
        self._shape = (plan.particles, len(plan.dimensions))
        self._positions = self._rng.random(self._shape)
        if start is not None:
            self._positions[0] = start

    @property
    def positions(self) -> Positions:
        """Where to look."""
        return self._positions.copy()

    def move(self, costs: NDArray[np.float64]) -> None:  # noqa: ARG002 - that is the point
        """Draw the next positions, whatever the costs."""
        self._positions = self._rng.random(self._shape)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library from taking over logging and writing a log into the current folder.

    It configures logging whenever it is imported and whenever it makes an object, from a file
    where the environment names one; this file changes nothing.
    """
    before = os.environ.get("LOG_CFG")
    with tempfile.TemporaryDirectory() as folder:
        nothing = Path(folder) / "logging.yaml"
        nothing.write_text("version: 1\nincremental: true\n", encoding="utf-8")
        os.environ["LOG_CFG"] = str(nothing)
        try:
            yield
        finally:
            if before is None:
                del os.environ["LOG_CFG"]
            else:
                os.environ["LOG_CFG"] = before
