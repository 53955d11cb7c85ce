"""Writes packages/heed/src/reward/golden/pair-loss.json: the Bradley-Terry loss of the reward and its gradients, in PyTorch.

Run by hand, never by the tests; README.md beside this file has the recipe. Weights and inputs are in the file.
"""

import json
import sys

import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
P, H, Q = 3, 5, 4


def numbers(*shape):
    return torch.randn(*shape).float().double()


weights = {
    "layers.0.weight": numbers(H, 2 * P), "layers.0.bias": numbers(H),
    "layers.1.weight": numbers(H, H), "layers.1.bias": numbers(H),
    "output.weight": numbers(1, H), "output.bias": numbers(1),
}
for value in weights.values():
    value.requires_grad_()
text, first, second = numbers(Q, P), numbers(Q, P), numbers(Q, P)
shares = torch.tensor([1.0, 0.0, 0.5, 0.75])


def logit(images):
    x = torch.cat([text, images], 1)
    for name in ("layers.0", "layers.1"):
        x = F.relu(F.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"]))
    return F.linear(x, weights["output.weight"], weights["output.bias"])[:, 0]


loss = F.binary_cross_entropy_with_logits(logit(first) - logit(second), shares)
loss.backward()
flat = lambda tensor: tensor.detach().reshape(-1).tolist()
out = {
    "weights": {name: {"shape": list(value.shape), "data": flat(value)} for name, value in weights.items()},
    "text": flat(text), "first": flat(first), "second": flat(second), "shares": flat(shares),
    "loss": loss.item(),
    "gradients": {name: flat(value.grad) for name, value in weights.items()},
}
with open(sys.argv[1], "w") as file:
    json.dump(out, file, indent=1)
    file.write("\n")
