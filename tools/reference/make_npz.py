"""Writes packages/diffusion/src/npz/golden: .npz archives in each form that numpy writes.

Run by hand, never by the tests; README.md beside this file has the recipe.
"""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np

OUT = Path(sys.argv[1])
OUT.mkdir(exist_ok=True)

mu = np.array([1, -2, 0.5])
sigma = (np.arange(6) / 7).reshape(2, 3)

np.savez(OUT / "stored.npz", mu=mu, sigma=sigma)
np.savez_compressed(OUT / "deflated.npz", mu=mu, sigma=sigma)
np.savez_compressed(OUT / "columns.npz", mu=mu, sigma=np.asfortranarray(sigma))
np.savez(OUT / "big-endian.npz", mu=mu.astype(">f8"), sigma=sigma.astype(">f8"))

with zipfile.ZipFile(OUT / "version2.npz", "w") as archive:
    for name, array in (("mu", mu), ("sigma", sigma)):
        stream = io.BytesIO()
        np.lib.format.write_array(stream, array, version=(2, 0))
        archive.writestr(f"{name}.npy", stream.getvalue())

np.savez(
    OUT / "types.npz",
    single=np.array([0.1, -1], np.float32),
    whole=np.array([-3, 2**40]),
    scalar=np.array(7),
    cube=np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)),
    objects=np.array([None, 1], object),
    texts=np.array(["ab"]),
    pairs=np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]),
)
