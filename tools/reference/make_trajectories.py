"""Writes packages/diffusion/src/samplers/golden/trajectories.json: what diffusers' schedulers make of a known "network".

Run by hand, never by the tests; README.md beside this file has the recipe. The network, the initial noise and the noise
along the way are formulas, which diffusers-golden.test.ts repeats.
"""

import json
import math
import sys
from pathlib import Path

import diffusers.schedulers.scheduling_ddim as ddim_module
import diffusers.schedulers.scheduling_ddpm as ddpm_module
import diffusers.schedulers.scheduling_euler_ancestral_discrete as ancestral_module
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    PNDMScheduler,
)

COUNT = 6
# Stable Diffusion 1.x: scheduler_config.json of its checkpoints.
CONFIG = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "clip_sample": False,
    "skip_prk_steps": True,
}

draws = 0


def noise(*_, **__):
    """The k-th draw of fresh noise."""
    global draws
    draws += 1
    return torch.tensor([[1.3 * math.sin(12.9898 * draws + 78.233 * i) for i in range(COUNT)]], dtype=torch.float32)


for module in (ddim_module, ddpm_module, ancestral_module):
    module.randn_tensor = noise


def network(x, t):
    return torch.tanh(x) * (0.3 + 0.7 * t / 1000) + 0.1 * torch.cos(3 * x)


def trajectory(scheduler, steps, **options):
    global draws
    draws = 0
    scheduler.set_timesteps(steps)
    start = torch.tensor([[1.2 * math.cos(2.1 * i + 0.4) for i in range(COUNT)]], dtype=torch.float32)
    x = start * scheduler.init_noise_sigma
    path = []
    for t in scheduler.timesteps:
        output = network(scheduler.scale_model_input(x, t), float(t))
        x = scheduler.step(output, t, x, **options).prev_sample
        path.append([float(f"{value:.7g}") for value in x[0]])
    return path


CASES = [
    ("ddim", DDIMScheduler, {}, {}),
    ("ddim", DDIMScheduler, {}, {"eta": 0.7}),
    ("ddpm", DDPMScheduler, {}, {}),
    ("pndm", PNDMScheduler, {}, {}),
    ("euler", EulerDiscreteScheduler, {}, {}),
    ("euler_a", EulerAncestralDiscreteScheduler, {}, {}),
    ("dpmpp_2m", DPMSolverMultistepScheduler, {}, {}),
    ("dpmpp_2m_karras", DPMSolverMultistepScheduler, {"use_karras_sigmas": True}, {}),
]

cases = []
for name, scheduler_class, extra, options in CASES:
    for prediction in ("epsilon", "v_prediction"):
        for steps in (10, 20):
            for spacing in (None, "trailing") if steps == 10 else (None,):
                config = {**CONFIG, **extra, "prediction_type": prediction}
                if spacing is not None:
                    config["timestep_spacing"] = spacing
                scheduler = scheduler_class.from_config(config)
                path = trajectory(scheduler, steps, **options)
                case = {"sampler": name, "steps": steps, "prediction_type": prediction}
                if spacing is not None:
                    case["timestep_spacing"] = spacing
                cases.append({**case, **options, "path": path if steps == 10 and spacing is None else path[-1:]})

# Lin et al. 2024: velocity, the last timestep pure noise, spaced from there. diffusers' PNDM and DDPM do not know it as such.
for name, scheduler_class, extra, options in CASES:
    if name not in ("ddim", "euler", "euler_a", "dpmpp_2m"):
        continue
    config = {"prediction_type": "v_prediction", "timestep_spacing": "trailing", "rescale_betas_zero_snr": True}
    path = trajectory(scheduler_class.from_config({**CONFIG, **extra, **config}), 10, **options)
    cases.append({"sampler": name, "steps": 10, **config, **options, "path": path[-1:]})

document = {"recipe": "tools/reference/make_trajectories.py", "config": CONFIG, "cases": cases}
lines = ",\n".join("  " + json.dumps(case, separators=(",", ":")) for case in cases)
text = f'{{\n "recipe": "{document["recipe"]}",\n "config": {json.dumps(CONFIG)},\n "cases": [\n{lines}\n ]\n}}\n'
Path(sys.argv[1]).parent.mkdir(parents=True, exist_ok=True)
Path(sys.argv[1]).write_text(text)
