"""Writes packages/heed/src/statistics/golden/bradley-terry.json: strengths by choix, covariances and information by scipy.

Run by hand, never by the tests; README.md beside this file has the recipe. A tie is half a win of each: choix gets every
win twice and every tie once in both directions, with twice the penalty.
"""

import json
import sys

import choix
import numpy as np
from scipy.integrate import quad
from scipy.special import expit, xlogy

PRIOR_VARIANCE = 10.0
CASES = {
    "three": {"wins": [[0, 12, 20], [5, 0, 14], [3, 6, 0]], "ties": [[0, 4, 1], [4, 0, 3], [1, 3, 0]]},
    "always": {"wins": [[0, 30], [0, 0]], "ties": [[0, 0], [0, 0]]},
    "one-pair-missing": {
        "wins": [[0, 7, 0, 9], [2, 0, 8, 0], [0, 1, 0, 3], [4, 0, 5, 0]],
        "ties": [[0, 1, 0, 0], [1, 0, 2, 0], [0, 2, 0, 1], [0, 0, 1, 0]],
    },
}


def information(mean, deviation):
    density = lambda z: np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    entropy = lambda p: -xlogy(p, p) - xlogy(1 - p, 1 - p)
    share = quad(lambda z: density(z) * expit(mean + deviation * z), -8, 8)[0]
    inside = quad(lambda z: density(z) * entropy(expit(mean + deviation * z)), -8, 8)[0]
    return entropy(share) - inside


out = {}
for name, case in CASES.items():
    wins, ties = np.array(case["wins"]), np.array(case["ties"])
    count = len(wins)
    data = []
    for i in range(count):
        for j in range(count):
            data += [(i, j)] * int(2 * wins[i, j] + ties[i, j])
    strengths = choix.opt_pairwise(count, data, alpha=2 / (2 * PRIOR_VARIANCE), method="Newton-CG", tol=1e-14)
    counts = wins + wins.T + ties
    p = expit(strengths[:, None] - strengths[None, :])
    weights = counts * p * (1 - p)
    precision = np.diag(weights.sum(1) + 1 / PRIOR_VARIANCE) - weights
    covariance = np.linalg.inv(precision)
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    spread = lambda i, j: np.sqrt(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j])
    out[name] = {
        "wins": (wins + ties / 2).tolist(),
        "strengths": (strengths - strengths.mean()).tolist(),
        "covariance": covariance.tolist(),
        "information": [[i, j, information(strengths[i] - strengths[j], spread(i, j))] for i, j in pairs],
    }

with open(sys.argv[1], "w") as file:
    json.dump(out, file, indent=1)
    file.write("\n")
