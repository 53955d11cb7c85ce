"""Writes the golden files of packages/diffusion/src/golden: what PyTorch, diffusers and transformers compute.

Run by hand, never by the tests; README.md beside this file has the recipe. Each file holds a network's weights under
`weight.`, its inputs under `input.`, its outputs under `output.`, the loss under `loss` and the gradient of every
parameter under `gradient.`; nothing in it is zero by initialisation.
"""

import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def generator(seed):
    return torch.Generator().manual_seed(seed)


def normals(seed, *shape):
    return torch.randn(*shape, generator=generator(seed))


def shake(model, seed):
    """Replaces every parameter: matrices at the scale of their fan-in, norm scales about 1, biases about 0."""
    random = generator(seed)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            noise = torch.randn(p.shape, generator=random)
            if p.dim() > 1:
                p.copy_(noise / p[0].numel() ** 0.5)
            else:
                p.copy_((1.0 if name.endswith("weight") else 0.0) + 0.2 * noise)
    return model.eval()


def save(name, tensors):
    plain = {key: t.detach().to(torch.float32).contiguous().clone() for key, t in tensors.items()}
    save_file(plain, OUT / f"{name}.safetensors")
    (OUT / f"{name}.safetensors").chmod(0o644)


def save_config(name, config):
    (OUT / f"{name}.json").write_text(json.dumps(config, indent=2, default=str) + "\n")


def save_model(name, model, inputs, outputs, seed):
    """loss = sum over the outputs of mean((output - target)^2), and its gradients."""
    targets = {key: normals(seed + i, *y.shape) for i, (key, y) in enumerate(outputs.items())}
    loss = sum(((y - targets[key]) ** 2).mean() for key, y in outputs.items())
    loss.backward()
    tensors = {"loss": loss}
    for part, values in (("input", inputs), ("output", outputs), ("target", targets)):
        tensors.update({f"{part}.{key}": value for key, value in values.items()})
    for key, p in model.named_parameters():
        tensors[f"weight.{key}"] = p
        if p.grad is not None:
            tensors[f"gradient.{key}"] = p.grad
    save(name, tensors)


def unet(name, seed, **variation):
    config = {
        "sample_size": 8,
        "in_channels": 4,
        "out_channels": 4,
        "block_out_channels": [16, 32],
        "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "cross_attention_dim": 16,
        "attention_head_dim": 2,
        **variation,
    }
    model = shake(UNet2DConditionModel(**config), seed)
    inputs = {
        "sample": normals(seed + 1, 2, 4, 8, 8),
        "timestep": torch.tensor([3.0, 731.0]),
        "encoderHiddenStates": normals(seed + 2, 2, 5, config["cross_attention_dim"]),
    }
    y = model(inputs["sample"], inputs["timestep"], inputs["encoderHiddenStates"]).sample
    save_model(name, model, inputs, {"prediction": y}, seed + 3)
    save_config(name, {"_class_name": "UNet2DConditionModel", **config})


def vae(seed):
    config = {
        "in_channels": 3,
        "out_channels": 3,
        "down_block_types": ["DownEncoderBlock2D"] * 2,
        "up_block_types": ["UpDecoderBlock2D"] * 2,
        "block_out_channels": [8, 16],
        "layers_per_block": 1,
        "latent_channels": 4,
        "norm_num_groups": 4,
        "sample_size": 16,
    }
    model = shake(AutoencoderKL(**config), seed)
    inputs = {"pixels": normals(seed + 1, 2, 3, 16, 16), "latents": normals(seed + 2, 2, 4, 8, 8)}
    distribution = model.encode(inputs["pixels"]).latent_dist
    outputs = {
        "mean": distribution.mean,
        "logVariance": distribution.logvar,
        "decoded": model.decode(inputs["latents"]).sample,
    }
    save_model("vae", model, inputs, outputs, seed + 3)
    save_config("vae", {"_class_name": "AutoencoderKL", **config})


def clip(seed):
    tower = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {
        **tower,
        "vocab_size": 32,
        "max_position_embeddings": 8,
        "hidden_act": "quick_gelu",
        "bos_token_id": 30,
        "eos_token_id": 31,
        "pad_token_id": 31,
    }
    vision = {**tower, "image_size": 16, "patch_size": 4, "hidden_act": "gelu"}
    config = {"text_config": text, "vision_config": vision, "projection_dim": 12}
    model = shake(CLIPModel(CLIPConfig(**config)), seed)
    ids = torch.tensor([[30, 4, 9, 31, 31, 31, 31, 31], [30, 1, 17, 2, 25, 8, 31, 31]])
    pixels = normals(seed + 1, 3, 3, 16, 16)
    outputs = {
        "textEmbeds": model.text_projection(model.text_model(input_ids=ids).pooler_output),
        "imageEmbeds": model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output),
    }
    inputs = {"inputIds": ids, "eosIndex": torch.tensor([3, 6]), "pixelValues": pixels}
    save_model("clip", model, inputs, outputs, seed + 2)
    save_config("clip", {"model_type": "clip", **config})


def adamw(seed):
    """Three steps of a linear layer whose gradient norm is above the limit."""
    weight = torch.nn.Parameter(normals(seed, 3, 4))
    bias = torch.nn.Parameter(normals(seed + 1, 3))
    x, y = normals(seed + 2, 8, 4), 4 * normals(seed + 3, 8, 3)
    options = {"learningRate": 0.02, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8, "weightDecay": 0.1}
    maximum = 0.5
    optimizer = torch.optim.AdamW(
        [weight, bias],
        lr=options["learningRate"],
        betas=(options["beta1"], options["beta2"]),
        eps=options["epsilon"],
        weight_decay=options["weightDecay"],
    )
    tensors = {"input.x": x, "input.y": y, "weight.weight": weight.clone(), "weight.bias": bias.clone()}
    for step in (1, 2, 3):
        optimizer.zero_grad()
        loss = F.mse_loss(F.linear(x, weight, bias), y)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_([weight, bias], maximum)
        optimizer.step()
        tensors[f"step{step}.loss"] = loss
        tensors[f"step{step}.gradientNorm"] = norm
        for key, p in (("weight", weight), ("bias", bias)):
            tensors[f"step{step}.{key}"] = p.clone()
            tensors[f"step{step}.firstMoment.{key}"] = optimizer.state[p]["exp_avg"].clone()
            tensors[f"step{step}.secondMoment.{key}"] = optimizer.state[p]["exp_avg_sq"].clone()
    save("adamw", tensors)
    save_config("adamw", {**options, "maxGradientNorm": maximum})


def heads(x):
    return x.unflatten(-1, (2, -1)).transpose(1, 2)


def attend(q, k, v, causal=False):
    mixed = F.scaled_dot_product_attention(heads(q), heads(k), heads(v), is_causal=causal)
    return mixed.transpose(1, 2).flatten(2)


def ops(seed):
    """Each op's output y for inputs in.0, in.1..., and d sum(y * cotangent) / d in.i."""
    pad_end = lambda x, w, b: F.conv2d(F.pad(x, (0, 1, 0, 1)), w, b, stride=2)
    cases = {
        "groupNorm": (lambda x, g, b: F.group_norm(x, 4, g, b), [(2, 8, 5, 5), (8,), (8,)]),
        "layerNorm": (lambda x, g, b: F.layer_norm(x, (12,), g, b), [(2, 5, 12), (12,), (12,)]),
        "attention": (attend, [(2, 5, 8), (2, 7, 8), (2, 7, 8)]),
        "causalAttention": (lambda q, k, v: attend(q, k, v, True), [(2, 6, 8)] * 3),
        "conv2dStride2": (pad_end, [(2, 3, 8, 8), (4, 3, 3, 3), (4,)]),
        "conv2dStride2Large": (pad_end, [(2, 3, 34, 34), (4, 3, 3, 3), (4,)]),
        "conv2dSame": (lambda x, w, b: F.conv2d(x, w, b, padding=1), [(2, 3, 18, 18), (4, 3, 3, 3), (4,)]),
        "gelu": (F.gelu, [(4, 33)]),
    }
    tensors = {}
    for index, (key, (function, shapes)) in enumerate(cases.items()):
        xs = [normals(seed + 10 * index + i, *shape).requires_grad_() for i, shape in enumerate(shapes)]
        y = function(*xs)
        cotangent = normals(seed + 10 * index + 9, *y.shape)
        slopes = torch.autograd.grad((y * cotangent).sum(), xs)
        tensors.update({f"{key}.output": y, f"{key}.cotangent": cotangent})
        for i, (x, slope) in enumerate(zip(xs, slopes)):
            tensors.update({f"{key}.in.{i}": x, f"{key}.gradient.{i}": slope})
    save("ops", tensors)


OUT = Path(sys.argv[1])
OUT.mkdir(parents=True, exist_ok=True)
unet("unet", 100)
unet(
    "unet-linear",
    200,
    block_out_channels=[8, 16],
    norm_num_groups=4,
    use_linear_projection=True,
    attention_head_dim=[2, 4],
)
unet(
    "unet-blocks",
    700,
    block_out_channels=[8, 8, 16],
    down_block_types=["CrossAttnDownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"],
    up_block_types=["CrossAttnUpBlock2D", "UpBlock2D", "CrossAttnUpBlock2D"],
    layers_per_block=[1, 2, 1],
    transformer_layers_per_block=[1, 1, 2],
    attention_head_dim=[2, 1, 4],
    norm_num_groups=4,
    cross_attention_dim=12,
    downsample_padding=0,
)
vae(300)
clip(400)
adamw(500)
ops(600)
