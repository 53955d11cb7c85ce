"""Writes packages/diffusion/src/golden/inception.safetensors: pytorch-fid's features of pictures, both by a formula.

Run by hand, never by the tests; README.md beside this file has the recipe.
"""

import sys

import numpy as np
import torch
from inception_weights import network, picture
from safetensors.torch import save_file

torch.set_num_threads(1)

# Shrunk, enlarged, wide, tall, and of the network's own size.
PICTURES = (("shrunk", 512, 384), ("small", 64, 64), ("wide", 333, 120), ("tall", 97, 401), ("own", 299, 299))

net = network()
features = {}
for text, width, height in PICTURES:
    pixels = torch.from_numpy(np.ascontiguousarray(picture(text, width, height).transpose(2, 0, 1)))
    # As torchvision's ToTensor.
    batch = pixels.to(torch.float32).div(255)[None]
    with torch.no_grad():
        features[f"{text} {width} {height}"] = net(batch)[0][0, :, 0, 0].contiguous()
save_file(features, sys.argv[1])
