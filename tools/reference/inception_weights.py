"""An InceptionV3 of pytorch-fid whose weights come from a formula, and pictures that do, so that no file of 90 MB is needed.

The same formula stands in packages/diffusion/src/testing/inception-weights.ts. Integers are hashed with murmur3's finaliser
in 32 bits, which is the same number in every language.
"""

import sys

import numpy as np
import torch

# PyPI's torchvision is built for CUDA. Beside a torch for CPUs its own operators are missing, which Inception does not use.
register_fake = torch.library.register_fake
torch.library.register_fake = lambda *_args, **_kwargs: lambda function: function
import torchvision  # noqa: E402, F401

torch.library.register_fake = register_fake

import pytorch_fid.inception as fid  # noqa: E402
from pytorch_fid import fid_score  # noqa: E402, F401


def hashed(text: str, count: int) -> np.ndarray:
    """`count` numbers in [0, 1) that depend on `text`."""
    key = 2166136261
    for byte in text.encode():
        key = ((key ^ byte) * 16777619) & 0xFFFFFFFF
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(key)
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x85EBCA6B)
        x ^= x >> np.uint32(13)
        x *= np.uint32(0xC2B2AE35)
        x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2**32


# The least and the largest value of each part of a batch normalisation.
RANGES = {
    "bn.weight": (0.8, 1.2),
    "bn.bias": (-0.3, 0.3),
    "bn.running_mean": (-0.3, 0.3),
    "bn.running_var": (0.7, 1.3),
}


def weights(shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """Tensors by torchvision's names: convolutions uniform with the variance 2 / fan_in (He et al. 2015)."""
    made = {}
    for name, shape in shapes.items():
        count = int(np.prod(shape))
        part = ".".join(name.split(".")[-2:])
        if part in RANGES:
            low, high = RANGES[part]
        else:
            high = (6 / np.prod(shape[1:])) ** 0.5
            low = -high
        values = (low + (high - low) * hashed(name, count)).astype(np.float32)
        made[name] = torch.from_numpy(values.reshape(shape))
    return made


def picture(text: str, width: int, height: int) -> np.ndarray:
    """RGB bytes [height, width, 3]: squares of 16 and 4 pixels and noise, with colours, brightness and contrast by `text`."""
    y, x = np.mgrid[0:height, 0:width]
    total = np.zeros((height, width, 3), np.int64)
    for size, weight in ((16, 5), (4, 2), (1, 1)):
        across = -(-width // size)
        down = -(-height // size)
        values = (hashed(f"{text} {size}", across * down * 3) * 256).astype(np.int64)
        total += weight * values.reshape(down, across, 3)[y // size, x // size]
    low, span = (int(value * 160) for value in hashed(text, 2))
    return (low + total // 8 * (span + 32) // 256 * (255 - low) // 255).astype(np.uint8)


def torchvision_network() -> torch.nn.Module:
    """The network that `fid_inception_v3` patches together, before it is cut into blocks."""
    original = fid.load_state_dict_from_url
    made = {}

    def formula(*_args, **_kwargs):
        return made["state"]

    shapes = {}
    blank = fid._inception_v3(num_classes=1008, aux_logits=False, weights=None)
    for name, patch in (
        ("Mixed_5b", lambda: fid.FIDInceptionA(192, pool_features=32)),
        ("Mixed_5c", lambda: fid.FIDInceptionA(256, pool_features=64)),
        ("Mixed_5d", lambda: fid.FIDInceptionA(288, pool_features=64)),
    ):
        setattr(blank, name, patch())
    for name, tensor in blank.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            shapes[name] = tuple(tensor.shape)
    state = weights({n: s for n, s in shapes.items() if not n.startswith("fc.")})
    state["fc.weight"] = torch.zeros(1008, 2048)
    state["fc.bias"] = torch.zeros(1008)
    for name, tensor in blank.state_dict().items():
        if name.endswith("num_batches_tracked"):
            state[name] = tensor
    made["state"] = state
    fid.load_state_dict_from_url = formula
    try:
        return fid.fid_inception_v3()
    finally:
        fid.load_state_dict_from_url = original


def network() -> fid.InceptionV3:
    """pytorch-fid's own network with these weights, ready to compute features."""
    made = torchvision_network()
    original = fid.fid_inception_v3
    fid.fid_inception_v3 = lambda: made
    try:
        return fid.InceptionV3([3]).eval()
    finally:
        fid.fid_inception_v3 = original


if __name__ == "__main__":
    # inception_weights.py FILE.pth|FILE.safetensors: the weights as a file.
    path = sys.argv[1]
    state = torchvision_network().state_dict()
    if path.endswith(".safetensors"):
        from safetensors.torch import save_file

        save_file(state, path)
    else:
        torch.save(state, path)
