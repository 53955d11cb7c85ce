"""Measures folders of pictures with pytorch-fid by the formula's weights, for tests/fid-interop.test.ts.

Its one argument is a folder with `a/` and `b/`, pictures of one size each, and `ours.npz`, heed's statistics of `b`. Writes
`theirs.npz`, pytorch-fid's own statistics of `b`, and `features.safetensors`; prints the distances as JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from inception_weights import fid_score, network
from safetensors.torch import save_file

torch.set_num_threads(1)
root = Path(sys.argv[1])
net = network()


def statistics(path):
    return fid_score.compute_statistics_of_path(str(path), net, 50, 2048, "cpu", 0)


def distance(a, b):
    return float(fid_score.calculate_frechet_distance(*a, *b))


a, b, ours = (statistics(root / name) for name in ("a", "b", "ours.npz"))
np.savez_compressed(root / "theirs.npz", mu=b[0], sigma=b[1])
files = sorted((root / "b").iterdir())
save_file({"features": torch.from_numpy(fid_score.get_activations(files, net, 50, 2048, "cpu", 0)).to(torch.float32)}, root / "features.safetensors")
with np.load(root / "ours.npz") as loaded:
    names = sorted(loaded.files)
print(json.dumps({"folders": distance(a, b), "with ours": distance(a, ours), "names": names}))
