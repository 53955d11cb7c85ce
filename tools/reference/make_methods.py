"""Writes packages/heed/src/tune/methods/golden/methods.json: losses of the tuning methods and their gradients, in PyTorch.

Run by hand, never by the tests; README.md beside this file has the recipe. The network is the golden `unet-linear`, whose
weights are those before tuning. What training changed since, the inputs and the LoRA are formulas, which
methods-golden.test.ts repeats. Of each parameter's gradient the file has its norm and its product with a formula.
"""

import json
import math
import re
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file
from torch.func import functional_call

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
GOLDEN = Path(sys.argv[1])
OUT = Path(sys.argv[2])
PAIRS = 2
MODEL = 2 * PAIRS  # images of the model in a batch; as many pre-training pairs follow where they take part
RANK, ALPHA = 2, 3

net = UNet2DConditionModel(**{k: v for k, v in json.loads((GOLDEN / "unet-linear.json").read_text()).items() if k[0] != "_"})
net.eval()
base = {k.removeprefix("weight."): v.double() for k, v in load_file(GOLDEN / "unet-linear.safetensors").items() if k.startswith("weight.")}


def wave(shape, scale, phase):
    """scale * cos(0.7 i + phase), rounded to float32."""
    count = math.prod(shape)
    values = [scale * math.cos(0.7 * i + phase) for i in range(count)]
    return torch.tensor(values).float().double().reshape(shape)


def inputs(total):
    shape = (total, 4, 8, 8)
    noise = wave(shape, 1.2, 0.1)
    # The images of a pair, one in each half, share noise and timestep.
    noise[PAIRS:MODEL] = noise[:PAIRS]
    timesteps = [731.0, 520.0, 731.0, 520.0, 12.0, 340.0, 905.0, 77.0][:total]
    return {
        "noisyLatents": wave(shape, 0.9, 1.7) + 0.5 * noise,
        "timestep": torch.tensor(timesteps),
        "encoderHiddenStates": wave((total, 5, 16), 1.1, 0.6),
        "target": noise,
        "timestepWeights": torch.tensor([1, 0.75, 1, 0.75, 0.5, 1, 1, 0.25])[:total],
    }


def low_rank(name):
    shape = base[f"{name}.weight"].shape
    return wave((RANK, shape[1]), 0.3, 0.2), wave((shape[0], RANK), 0.2, 0.9)


TARGETS = sorted(k.removesuffix(".weight") for k in base if re.search(r"\.attn[12]\.to_(q|k|v|out\.0)\.weight$", k))


def trained(lora):
    """The parameters that are trained, and a function from them to the weights of the network."""
    if not lora:
        moved = {k: (v + wave(v.shape, 0.02, 0.3 * i)).float().double() for i, (k, v) in enumerate(sorted(base.items()))}
        return moved, lambda p: p
    factors = {}
    for name in TARGETS:
        factors[f"{name}.lora_down.weight"], factors[f"{name}.lora_up.weight"] = low_rank(name)

    def merged(p):
        weights = dict(base)
        for name in TARGETS:
            update = p[f"{name}.lora_up.weight"] @ p[f"{name}.lora_down.weight"]
            weights[f"{name}.weight"] = base[f"{name}.weight"] + ALPHA / RANK * update
        return weights

    return factors, merged


def predict(weights, x):
    return functional_call(net, weights, (x["noisyLatents"], x["timestep"], x["encoderHiddenStates"])).sample


def errors(prediction, target, x):
    return (prediction - target).pow(2).mean(dim=[1, 2, 3]) * x["timestepWeights"][: len(prediction)]


def pretraining(d, weight):
    return (weight * d[MODEL:].mean(), {"pretrainingLoss": d[MODEL:].mean()}) if len(d) > MODEL else (0, {})


def reward_weighted(e, e_ref, x, weight):
    r = torch.tensor([1, 0.25, 0, 0.6]).float().double()
    d = errors(e, x["target"], x)
    extra, named = pretraining(d, weight)
    return (r * d[:MODEL]).mean() + extra, {"modelLoss": (r * d[:MODEL]).mean(), **named}


def dpo(e, e_ref, x, beta, weight, safeguard, mu):
    """Diffusion-SDPO, train.py: the loser's gradient is scaled by lambda, which has none."""
    d = errors(e, x["target"], x)
    d_ref = errors(e_ref, x["target"][:MODEL], x).detach()
    w, l = d[:MODEL].chunk(2)
    scale = torch.tensor(1.0)
    if safeguard:
        a, b = (e - x["target"])[:MODEL].detach().chunk(2)
        dot = (a * b).sum()
        scale = (1 - mu) * a.pow(2).sum() / dot if dot > 0 else scale
        scale = scale.clamp(0, 1)
        l = l.detach() + scale * (l - l.detach())
    w_ref, l_ref = d_ref.chunk(2)
    inside = -0.5 * beta * ((w - l) - (w_ref - l_ref))
    preference = -F.logsigmoid(inside).mean()
    extra, named = pretraining(d, weight)
    named |= {
        "preferenceLoss": preference,
        "margin": inside.mean(),
        "pairAccuracy": (inside > 0).double().mean(),
        "winnerDrift": (w - w_ref).mean(),
        "loserDrift": (l - l_ref).mean(),
    }
    if safeguard:
        named["loserScale"] = scale
    return 4 / beta * preference + extra, named


def nft(e, e_ref, x, strength, weight):
    """With its two terms, as DiffusionNFT writes them for beta = 1 / strength, without the adaptive weight.

    r |e+ - eps|^2 + (1 - r) |e- - eps|^2 with e+ = beta e + (1 - beta) e_ref and e- = (1 + beta) e_ref - beta e has the
    gradient of beta^2 |e - e*|^2, up to a constant.
    """
    r = torch.tensor([1, 0, 0.75, 0.5])
    beta = 1 / strength
    old = e_ref.detach()
    new, noise = e[:MODEL], x["target"][:MODEL]
    positive = errors(beta * new + (1 - beta) * old, noise, x)
    negative = errors((1 + beta) * old - beta * new, noise, x)
    step = (strength * (2 * r - 1)).reshape(-1, 1, 1, 1)
    goal = old + step * (noise - old)
    value = errors(new, goal, x).mean()
    two_terms = (r * positive + (1 - r) * negative).mean() / beta**2
    extra, named = pretraining(errors(e, x["target"], x), weight)
    named |= {
        "modelLoss": value,
        "targetDistance": (old - goal).pow(2).mean(),
        "referenceDistance": (new - old).pow(2).mean(),
    }
    # The value of the regression, the gradient of the two terms.
    return two_terms - two_terms.detach() + value.detach() + extra, named


def kto(e, e_ref, x, beta, weight, good):
    d = errors(e, x["target"], x)
    g = errors(e_ref, x["target"][:MODEL], x).detach() - d[:MODEL]
    y = torch.tensor([1.0] * good + [-1.0] * (MODEL - good))
    z = g.mean().detach().clamp(min=0)
    preference = (1 - torch.sigmoid(beta * y * (g - z))).mean()
    extra, named = pretraining(d, weight)
    named |= {
        "preferenceLoss": preference,
        "goodDrift": -g[:good].mean(),
        "badDrift": -g[good:].mean(),
        "baseline": z,
    }
    return 4 / beta * preference + extra, named


def likelihood(e, e_ref, x, weight):
    d = errors(e, x["target"], x)
    extra, named = pretraining(d, weight)
    return d[:MODEL].mean() + extra, {"modelLoss": d[:MODEL].mean(), **named}


def case(method, loss_of, settings, weight=0.0, lora=False, **options):
    """One entry of the file; `weight` is that of the pre-training loss, `options` are the loss's own."""
    x = inputs(2 * MODEL if weight > 0 else MODEL)
    values, weights_of = trained(lora)
    leaves = {k: v.clone().requires_grad_() for k, v in values.items()}
    e = predict(weights_of(leaves), x)
    e_ref = predict(base, {k: v[:MODEL] for k, v in x.items()})
    loss, named = loss_of(e, e_ref, x, weight=weight, **options)
    slopes = torch.autograd.grad(loss, list(leaves.values()))
    gradients = {k: [digits(s.norm()), digits((s * wave(s.shape, 1, 0)).sum())] for k, s in zip(leaves, slopes)}
    return {
        "method": method,
        "settings": settings,
        "beta": weight,
        "lora": lora,
        "losses": {"loss": digits(loss), **{k: digits(v) for k, v in named.items()}},
        # In the order of the parameters' names.
        "gradients": [values for _, values in sorted(gradients.items())],
    }


def digits(value):
    return float(f"{value.item():.9g}")


def dpo_case(beta=60.0, safeguard=True, mu=0.0, **options):
    settings = {"beta": beta, "safeguard": safeguard, "safeguardMargin": mu}
    return case("dpo", dpo, settings, beta=beta, safeguard=safeguard, mu=mu, **options)


def nft_case(strength, **options):
    return case("nft", nft, {"strength": strength}, strength=strength, **options)


def kto_case(good, beta=40.0, **options):
    return case("kto", kto, {"beta": beta, "goodShare": good / MODEL}, beta=beta, good=good, **options)


cases = [
    case("reward-weighted", reward_weighted, {}),
    case("reward-weighted", reward_weighted, {}, weight=0.5),
    dpo_case(),
    dpo_case(safeguard=False, weight=0.7),
    dpo_case(mu=0.9, beta=4.0),
    dpo_case(lora=True),
    nft_case(1.0),
    nft_case(2.5, weight=0.7, lora=True),
    kto_case(good=3),
    kto_case(good=1, weight=0.7, lora=True),
    case("best-of-n", likelihood, {}, weight=0.7),
    case("likelihood", likelihood, {}, lora=True),
    case("likelihood", likelihood, {}),
]
for entry in cases:
    print(entry["method"], entry["settings"], entry["losses"])
OUT.write_text("[\n" + ",\n".join(json.dumps(entry) for entry in cases) + "\n]\n")
