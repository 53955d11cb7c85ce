"""Writes packages/heed/src/statistics/golden/distances.json: distances between sets of embeddings that come from a formula.

`frechet` is pytorch-fid's `calculate_frechet_distance` on numpy's mean and covariance. `cmmd` is the `mmd` of the reference
code (google-research/cmmd, distance.py: sigma 10, scale 1000), line by line, in float64 and with its embeddings' L2 norm 1.
"""

import json
import sys

import numpy as np
from inception_weights import fid_score, hashed

SIGMA = 10
SCALE = 1000


def embeddings(text: str, count: int, dimension: int) -> np.ndarray:
    """[count, dimension] in float32; later columns vary less, and the mean is not zero."""
    values = hashed(text, count * dimension).reshape(count, dimension)
    return (values * (4 / (1 + np.arange(dimension))) + 0.1).astype(np.float32)


def mmd(x: np.ndarray, y: np.ndarray) -> float:
    x_sqnorms = np.diag(np.matmul(x, x.T))
    y_sqnorms = np.diag(np.matmul(y, y.T))
    gamma = 1 / (2 * SIGMA**2)
    k_xx = np.mean(np.exp(-gamma * (-2 * np.matmul(x, x.T) + np.expand_dims(x_sqnorms, 1) + np.expand_dims(x_sqnorms, 0))))
    k_xy = np.mean(np.exp(-gamma * (-2 * np.matmul(x, y.T) + np.expand_dims(x_sqnorms, 1) + np.expand_dims(y_sqnorms, 0))))
    k_yy = np.mean(np.exp(-gamma * (-2 * np.matmul(y, y.T) + np.expand_dims(y_sqnorms, 1) + np.expand_dims(y_sqnorms, 0))))
    return SCALE * (k_xx + k_yy - 2 * k_xy)


def normalised(rows: np.ndarray) -> np.ndarray:
    wide = rows.astype(np.float64)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True)


def moments(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.mean(rows.astype(np.float64), axis=0), np.cov(rows.astype(np.float64), rowvar=False)


# More embeddings than dimensions on both sides, on one, on none.
CASES = [(96, 400, 300), (96, 400, 40), (96, 50, 40), (7, 1100, 60)]

if __name__ == "__main__":
    found = []
    for dimension, *counts in CASES:
        a, b = (embeddings(f"set {i}", count, dimension) for i, count in enumerate(counts))
        found.append(
            {
                "dimension": dimension,
                "counts": counts,
                "frechet": float(fid_score.calculate_frechet_distance(*moments(a), *moments(b))),
                "cmmd": float(mmd(normalised(a), normalised(b))),
            }
        )
    with open(sys.argv[1], "w") as file:
        file.write(json.dumps(found, indent=1) + "\n")
