"""The minimum of a smooth function, by limited-memory BFGS (Nocedal and Wright, "Numerical Optimization", 2006, algorithms 7.4 and 3.1).

SciPy has it too: 113 MB that nothing else at run time needs, for the page below.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
_REMEMBERED = 8
_SUFFICIENT = 1e-4  # of the decrease that the slope promises


def minimum(function: Callable[[Vector], tuple[float, Vector]], start: Vector, *, iterations: int, tolerance: float = 1e-5) -> Vector:
    """Where a convex `function`, which tells its value and gradient, is smallest, or as near as `iterations` steps from `start` get.

    Ends when a step gains less than `tolerance` of the value. The same function and start give the same answer.
    """
    at = start
    value, gradient = function(at)
    steps: list[tuple[Vector, Vector]] = []
    for _ in range(iterations):
        direction = -_scaled(gradient, steps)
        slope = float(gradient @ direction)
        if slope >= 0:  # rounding: begin anew, straight down
            steps.clear()
            direction, slope = -gradient, -float(gradient @ gradient)
        length = 1.0
        while True:
            there = at + length * direction
            value_there, gradient_there = function(there)
            if value_there <= value + _SUFFICIENT * length * slope:
                break
            length /= 2
            if length < 1e-10:
                return at
        moved, turned = there - at, gradient_there - gradient
        if moved @ turned > 1e-12:
            steps.append((moved, turned))
            del steps[:-_REMEMBERED]
        gained = value - value_there
        at, value, gradient = there, value_there, gradient_there
        if gained <= tolerance * abs(value):
            break
    return at


def _scaled(gradient: Vector, steps: list[tuple[Vector, Vector]]) -> Vector:
    """The gradient times what the last steps tell of the inverse Hessian."""
    if not steps:
        return gradient / max(1.0, float(np.linalg.norm(gradient)))
    found = gradient.copy()
    shares = []
    for moved, turned in reversed(steps):
        share = float(moved @ found) / float(turned @ moved)
        shares.append(share)
        found -= share * turned
    moved, turned = steps[-1]
    found *= float(moved @ turned) / float(turned @ turned)
    for (moved, turned), share in zip(steps, reversed(shares), strict=True):
        found += moved * (share - float(turned @ found) / float(turned @ moved))
    return found
