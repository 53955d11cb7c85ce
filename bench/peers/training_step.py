"""One update of diffusers' U-Net: forward, backward, clipping to a global norm, AdamW, moving average where asked for."""

import contextlib
import os

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file

from configs import DEVICE
from forms import autocast, is_half, prepared

# heed's defaults, which are torch's own.
BETAS = (0.9, 0.999)
EPSILON = 1e-8
MAX_GRADIENT_NORM = 1.0

# Some weights after the checked updates: the first layer, the middle and the last one.
CHECKED_WEIGHTS = ("conv_in.weight", "mid_block.resnets.0.conv1.weight", "conv_out.weight")


FACTORS = "factors."


class LowRankLinear(torch.nn.Module):
    """A frozen linear layer with a low-rank update on top; alpha equals the rank, so that the scale is one."""

    def __init__(self, layer, down, up):
        super().__init__()
        self.layer = layer
        self.lora_down = torch.nn.Linear(down.shape[1], down.shape[0], bias=False)
        self.lora_up = torch.nn.Linear(up.shape[1], up.shape[0], bias=False)
        self.lora_down.weight.data.copy_(down)
        self.lora_up.weight.data.copy_(up)

    def forward(self, x):
        return self.layer(x) + self.lora_up(self.lora_down(x))


def add_factors(model, inputs):
    """Freezes the model and puts the factors among the inputs on top; returns the names of those to be checked."""
    model.requires_grad_(False)
    paths = [key[len(FACTORS) : -len(".lora_down.weight")] for key in inputs if key.endswith(".lora_down.weight")]
    for path in paths:
        parent, _, name = path.rpartition(".")
        factors = [inputs[f"{FACTORS}{path}.lora_{factor}.weight"] for factor in ("down", "up")]
        owner = model.get_submodule(parent)
        setattr(owner, name, LowRankLinear(model.get_submodule(path), *factors))
    blocks = ("down_blocks.0.attentions.0", "up_blocks.3.attentions.2")
    return [
        f"{block}.transformer_blocks.0.attn1.to_q.lora_{factor}.weight" for block in blocks for factor in ("down", "up")
    ]


def join_ranks():
    """The rank and the number of ranks that mpirun started, after they have met through gloo."""
    rank, ranks = (int(os.environ.get(f"OMPI_COMM_WORLD_{name}", default)) for name, default in (("RANK", 0), ("SIZE", 1)))
    if ranks > 1:
        torch.distributed.init_process_group(
            "gloo", init_method=os.environ["HEED_BENCH_MEETING"], rank=rank, world_size=ranks
        )
    return rank, ranks


class TrainingStep:
    def __init__(self, folder, settings):
        self.settings = settings
        self.rank, self.ranks = join_ranks()
        self.model = UNet2DConditionModel.from_pretrained(
            os.path.join(folder, "model", "unet"), torch_dtype=torch.float32, low_cpu_mem_usage=False
        ).to(DEVICE).train()
        if settings.get("recompute"):
            self.model.enable_gradient_checkpointing()
        inputs = load_file(os.path.join(folder, "inputs.safetensors"), device=DEVICE)
        self.checked = CHECKED_WEIGHTS
        if settings.get("loraRank"):
            self.checked = add_factors(self.model, inputs)
        self.names = [name for name, p in self.model.named_parameters() if p.requires_grad]
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        # Fused is torch's fastest AdamW on the CPU; its default there is a loop over the parameters.
        self.optimizer = torch.optim.AdamW(
            self.parameters,
            lr=settings["learningRate"],
            betas=BETAS,
            eps=EPSILON,
            weight_decay=settings["weightDecay"],
            fused=True,
        )
        self.network = prepared(self.model, settings)
        self.scaler = torch.amp.GradScaler(DEVICE, enabled=is_half(settings))
        if self.ranks > 1:
            # Gradients live in the buckets that are exchanged: the faster way.
            self.network = torch.nn.parallel.DistributedDataParallel(self.model, gradient_as_bucket_view=True)
        self.average = [p.detach().clone() for p in self.parameters] if settings["emaDecay"] > 0 else None
        self.step = 0
        self.batches = [
            {key: inputs[f"{i}.{key}"] for key in ("noisyLatents", "timestep", "target", "encoderHiddenStates")}
            for i in range(settings["batches"] * settings.get("accumulation", 1))
        ]

    def shares(self):
        """What this rank works on in one update, one part after the other."""
        accumulation, parts = self.settings.get("accumulation", 1), self.settings.get("parts", self.ranks)
        first = self.step % self.settings["batches"] * accumulation
        for batch in self.batches[first : first + accumulation]:
            for part in range(self.rank, parts, self.ranks):
                yield {key: value.chunk(parts)[part] for key, value in batch.items()}

    def update(self):
        shares = list(self.shares())
        loss = 0
        for i, share in enumerate(shares):
            # Gradients are exchanged once an update.
            waits = self.ranks > 1 and i < len(shares) - 1
            with self.network.no_sync() if waits else contextlib.nullcontext():
                with autocast(self.settings):
                    prediction = self.network(
                        share["noisyLatents"], share["timestep"], encoder_hidden_states=share["encoderHiddenStates"]
                    ).sample
                part = (prediction.float() - share["target"]).square().mean() / len(shares)
                self.scaler.scale(part).backward()
            loss += part.detach()
        self.scaler.unscale_(self.optimizer)
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, MAX_GRADIENT_NORM, foreach=True)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        if self.average is not None:
            decay = min(self.settings["emaDecay"], (1 + self.step) / (10 + self.step))
            with torch.no_grad():
                torch._foreach_lerp_(self.average, self.parameters, 1 - decay)
        return loss.item(), norm.item()

    def check(self):
        measured = [self.update() for _ in range(self.settings["batches"])]
        losses, norms = (torch.tensor(column) for column in zip(*measured))
        if self.ranks > 1:
            # Each rank has the loss of its own shares.
            torch.distributed.all_reduce(losses)
            losses /= self.ranks
        values = {"loss": losses, "gradientNorm": norms}
        values |= {f"weight {name}": self.parameters[self.names.index(name)] for name in self.checked}
        if self.average is not None:
            values |= {f"average {name}": self.average[self.names.index(name)] for name in self.checked}
        return values

    def run_once(self):
        self.update()


def open_work(folder, settings):
    return TrainingStep(folder, settings)
