"""One update of diffusers' U-Net: forward, backward, clipping to a global norm, AdamW, moving average where asked for."""

import os

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file

# heed's defaults, which are torch's own.
BETAS = (0.9, 0.999)
EPSILON = 1e-8
MAX_GRADIENT_NORM = 1.0

# Some weights after the checked updates: the first layer, the middle and the last one.
CHECKED_WEIGHTS = ("conv_in.weight", "mid_block.resnets.0.conv1.weight", "conv_out.weight")


class TrainingStep:
    def __init__(self, folder, settings):
        self.settings = settings
        self.model = UNet2DConditionModel.from_pretrained(
            os.path.join(folder, "model", "unet"), torch_dtype=torch.float32, low_cpu_mem_usage=False
        ).train()
        self.names = [name for name, _ in self.model.named_parameters()]
        self.parameters = list(self.model.parameters())
        # Fused is torch's fastest AdamW on the CPU; its default there is a loop over the parameters.
        self.optimizer = torch.optim.AdamW(
            self.parameters,
            lr=settings["learningRate"],
            betas=BETAS,
            eps=EPSILON,
            weight_decay=settings["weightDecay"],
            fused=True,
        )
        self.average = [p.detach().clone() for p in self.parameters] if settings["emaDecay"] > 0 else None
        self.step = 0
        inputs = load_file(os.path.join(folder, "inputs.safetensors"))
        self.batches = [
            {key: inputs[f"{i}.{key}"] for key in ("noisyLatents", "timestep", "target", "encoderHiddenStates")}
            for i in range(settings["batches"])
        ]

    def update(self):
        batch = self.batches[self.step % len(self.batches)]
        prediction = self.model(
            batch["noisyLatents"], batch["timestep"], encoder_hidden_states=batch["encoderHiddenStates"]
        ).sample
        loss = (prediction - batch["target"]).square().mean()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, MAX_GRADIENT_NORM, foreach=True)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        if self.average is not None:
            decay = min(self.settings["emaDecay"], (1 + self.step) / (10 + self.step))
            with torch.no_grad():
                torch._foreach_lerp_(self.average, self.parameters, 1 - decay)
        return loss.item(), norm.item()

    def check(self):
        measured = [self.update() for _ in self.batches]
        losses, norms = zip(*measured)
        values = {"loss": torch.tensor(losses), "gradientNorm": torch.tensor(norms)}
        values |= {f"weight {name}": self.parameters[self.names.index(name)] for name in CHECKED_WEIGHTS}
        if self.average is not None:
            values |= {f"average {name}": self.average[self.names.index(name)] for name in CHECKED_WEIGHTS}
        return values

    def run_once(self):
        self.update()


def open_work(folder, settings):
    return TrainingStep(folder, settings)
