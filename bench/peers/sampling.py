"""Prompts to pictures: text encoder, the whole denoising loop with classifier-free guidance, VAE decoder, 8-bit pixels."""

import os

import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, UNet2DConditionModel
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTextModel

from configs import DEVICE, read_config
from forms import prepared, stored_type


class Sampling:
    def __init__(self, folder, settings):
        self.settings = settings
        model = os.path.join(folder, "model")
        self.type = stored_type(settings)
        options = {"torch_dtype": self.type, "low_cpu_mem_usage": False}
        unet = UNet2DConditionModel.from_pretrained(os.path.join(model, "unet"), **options).to(DEVICE).eval()
        self.unet = prepared(unet, settings)
        self.vae = AutoencoderKL.from_pretrained(os.path.join(model, "vae"), **options).to(DEVICE).eval()
        text = os.path.join(model, "text_encoder")
        config = CLIPTextConfig(**read_config(text))
        self.text = CLIPTextModel.from_pretrained(text, config=config, dtype=self.type).to(DEVICE).eval()
        self.scheduler = DPMSolverMultistepScheduler.from_pretrained(os.path.join(model, "scheduler"))
        inputs = load_file(os.path.join(folder, "inputs.safetensors"), device=DEVICE)
        self.ids = inputs["inputIds"].long()
        self.negative_ids = inputs["negativeIds"].long()
        self.noise = inputs["noise"].to(self.type)

    @torch.inference_mode()
    def sample(self):
        guidance, steps = self.settings["guidanceScale"], self.settings["steps"]
        states = self.text(self.ids).last_hidden_state
        negative = self.text(self.negative_ids).last_hidden_state.expand_as(states)
        context = torch.cat([negative, states])
        self.scheduler.set_timesteps(steps)
        latents = self.noise * self.scheduler.init_noise_sigma
        for timestep in self.scheduler.timesteps:
            doubled = self.scheduler.scale_model_input(torch.cat([latents, latents]), timestep)
            unconditional, conditional = self.unet(doubled, timestep, encoder_hidden_states=context).sample.chunk(2)
            guided = unconditional + guidance * (conditional - unconditional)
            latents = self.scheduler.step(guided, timestep, latents).prev_sample
        pixels = self.vae.decode(latents / self.vae.config.scaling_factor).sample
        return (pixels.float() / 2 + 0.5).clamp(0, 1).mul(255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu()

    def check(self):
        return {"images": self.sample()}

    def run_once(self):
        self.sample()


def open_work(folder, settings):
    return Sampling(folder, settings)
