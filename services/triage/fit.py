"""Fitting of the heads: features and labels reach this module, weights leave it. One thread and no chance: the same input gives the same weights.

Several findings are fitted together, each with its own block of columns: `Block.softmax` where a message has exactly one of the classes, otherwise each
column is a question of its own (which risks, whether to go private).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from libs.common.wordvectors import Floats

Doubles = NDArray[np.float64]

MOST_RARE = 20.0
"""So much more than a no counts a rare yes, at most."""


@dataclass(frozen=True, slots=True)
class Block:
    """The columns [first, last) of the output that are one finding."""

    first: int
    last: int
    softmax: bool


def _loss(logits: Doubles, truth: Doubles, weight: Doubles, blocks: Sequence[Block]) -> tuple[float, Doubles]:
    """The weighted cross-entropy, and its gradient by the logits."""
    total, slope = 0.0, np.zeros_like(logits)
    for block in blocks:
        part = slice(block.first, block.last)
        z, y, w = logits[:, part], truth[:, part], weight[:, part]
        if block.softmax:
            z = z - z.max(axis=1, keepdims=True)
            log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
            total -= float((w * y * log_p).sum())
            slope[:, part] = (np.exp(log_p) * (w * y).sum(axis=1, keepdims=True)) - w * y
        else:
            p = 1.0 / (1.0 + np.exp(-z))
            total -= float((w * (y * np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12))).sum())
            slope[:, part] = w * (p - y)
    return total, slope


def balanced(truth: Floats, asked: Floats, blocks: Sequence[Block]) -> Doubles:
    """Weights, shape of `truth`: what a row counts (`asked`, 0 where it says nothing) times how rare its class is, so that classes weigh alike."""
    weight = asked.astype(np.float64)
    for block in blocks:
        for column in range(block.first, block.last):
            counts = asked[:, column]
            share = max(float((truth[:, column] * counts).sum() / max(float(counts.sum()), 1e-9)), 1e-4)
            if block.softmax:
                weight[:, column] *= 1.0 / (share * (block.last - block.first))
            else:
                weight[:, column] *= np.where(truth[:, column] > 0, min((1 - share) / share, MOST_RARE), 1.0)
    return weight


def fit_linear(
    sparse: csr_matrix, dense: Floats, truth: Floats, weight: Doubles, blocks: Sequence[Block], *, c: float, iterations: int
) -> tuple[Floats, Floats, Floats]:
    """Logistic regression of all columns with penalty 1 / c: weights of the sparse features (k, m), of the dense ones (d, m), and the bias (m,)."""
    known = np.flatnonzero(np.bincount(sparse.indices, minlength=sparse.shape[1]))
    some = sparse[:, known].astype(np.float32)
    turned = some.T.tocsr()
    m = truth.shape[1]
    first, second = len(known) * m, (len(known) + dense.shape[1]) * m
    dense = dense.astype(np.float32)
    y = truth.astype(np.float64)

    def cost(point: Doubles) -> tuple[float, Doubles]:
        single = point.astype(np.float32)
        on_sparse, on_dense = single[:first].reshape(-1, m), single[first:second].reshape(-1, m)
        logits = (some @ on_sparse + dense @ on_dense + single[second:]).astype(np.float64)
        total, slope = _loss(logits, y, weight, blocks)
        down = slope.astype(np.float32)
        gradient = np.concatenate(((turned @ down).ravel(), (dense.T @ down).ravel(), down.sum(axis=0))).astype(np.float64)
        penalised = point[:second]
        gradient[:second] += penalised / c
        return total + 0.5 / c * float(penalised @ penalised), gradient

    found = minimize(cost, np.zeros(second + m), jac=True, method="L-BFGS-B", options={"maxiter": iterations, "maxcor": 8, "ftol": 1e-6})
    whole = np.zeros((sparse.shape[1], m), dtype=np.float32)
    whole[known] = found.x[:first].reshape(-1, m)
    return whole, found.x[first:second].reshape(-1, m).astype(np.float32), found.x[second:].astype(np.float32)


def fit_hidden(
    given: Floats, truth: Floats, weight: Doubles, blocks: Sequence[Block], *, hidden: int, penalty: float, iterations: int, seed: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """A network of one hidden layer (tanh), beside which the input goes straight to the output too.

    Returns weights into the layer (d, hidden) with its bias (hidden,), and out of layer and input (hidden + d, m) with the bias (m,).
    """
    d = given.shape[1]
    m = truth.shape[1]
    chance = np.random.default_rng(seed)
    x, y = given.astype(np.float64), truth.astype(np.float64)
    sizes = np.cumsum([d * hidden, hidden, (hidden + d) * m, m])

    def parts(point: Doubles) -> tuple[Doubles, Doubles, Doubles, Doubles]:
        into, at, out, bias = np.split(point, sizes[:-1])
        return into.reshape(d, hidden), at, out.reshape(hidden + d, m), bias

    def cost(point: Doubles) -> tuple[float, Doubles]:
        into, at, out, bias = parts(point)
        layer = np.tanh(x @ into + at)
        both = np.hstack((layer, x))
        total, slope = _loss(both @ out + bias, y, weight, blocks)
        down = (slope @ out[:hidden].T) * (1 - layer**2)
        gradient = np.concatenate(
            ((x.T @ down + penalty * into).ravel(), down.sum(axis=0), (both.T @ slope + penalty * out).ravel(), slope.sum(axis=0))
        )
        return total + 0.5 * penalty * float((into**2).sum() + (out**2).sum()), gradient

    start = np.concatenate((chance.normal(0, 1 / np.sqrt(d), d * hidden), np.zeros(hidden), np.zeros((hidden + d) * m), np.zeros(m)))
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations, "maxcor": 10})
    into, at, out, bias = parts(found.x)
    return into.astype(np.float32), at.astype(np.float32), out.astype(np.float32), bias.astype(np.float32)
