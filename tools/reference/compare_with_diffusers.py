"""Draws with diffusers what tests/diffusers-interop.test.ts drew with heed, from the files that heed wrote.

usage: compare_with_diffusers.py FOLDER

FOLDER holds model/ (a diffusers folder), model.safetensors (a single file), lora-kohya.safetensors,
lora-diffusers.safetensors, clip/ (a CLIPModel folder), inputs.safetensors (latents, heed's images and embeddings) and
cases.json. Prints one JSON object: each case's mean absolute difference in 1/255, or for embeddings the largest
difference relative to the largest value. Writes from-diffusers/ (the model, and a LoRA in peft's own spelling) and
from-diffusers.safetensors (its images) for heed to read, and the model once more as files of torch.save and in shards.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
)
from diffusers.training_utils import _collate_lora_metadata
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

SCHEDULERS = {
    "ddim": (DDIMScheduler, {}),
    "pndm": (PNDMScheduler, {}),
    "euler": (EulerDiscreteScheduler, {}),
    "dpmpp_2m": (DPMSolverMultistepScheduler, {}),
    "dpmpp_2m_karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
}

folder = Path(sys.argv[1])
inputs = load_file(folder / "inputs.safetensors")
document = json.loads((folder / "cases.json").read_text())
prompts = document["prompts"]


def draw(pipe, sampler, steps, guidance_scale):
    scheduler, options = SCHEDULERS[sampler]
    pipe.scheduler = scheduler.from_config(pipe.scheduler.config, **options)
    images = pipe(
        prompts,
        latents=inputs["latents"].clone(),
        num_inference_steps=steps,
        guidance_scale=guidance_scale,
        output_type="np",
    ).images
    return torch.from_numpy(np.ascontiguousarray(images * 255)).float()


def pipeline(source):
    if source == "file":
        pipe = StableDiffusionPipeline.from_single_file(
            str(folder / "model.safetensors"), config=str(folder / "model"), local_files_only=True
        )
    else:
        pipe = StableDiffusionPipeline.from_pretrained(folder / "model")
    pipe.set_progress_bar_config(disable=True)
    if source.startswith("lora-"):
        pipe.load_lora_weights(str(folder / f"{source}.safetensors"))
    return pipe


results = {}
for case in document["cases"]:
    drawn = draw(pipeline(case["source"]), case["sampler"], case["steps"], case["guidanceScale"])
    results[case["name"]] = (drawn - inputs[f"image.{case['name']}"]).abs().mean().item()

clip = CLIPModel.from_pretrained(folder / "clip").eval()
processor = CLIPImageProcessorPil.from_pretrained(folder / "clip")
tokenizer = CLIPTokenizer.from_pretrained(folder / "clip")
pictures = [Image.fromarray(picture.numpy().astype(np.uint8)) for picture in inputs["pictures"]]
with torch.no_grad():
    pixels = processor(images=pictures, return_tensors="pt")["pixel_values"]
    texts = tokenizer(prompts, padding="max_length", max_length=77, truncation=True, return_tensors="pt")
    image_embeds = clip.visual_projection(clip.vision_model(pixel_values=pixels).pooler_output)
    text_embeds = clip.text_projection(clip.text_model(input_ids=texts["input_ids"]).pooler_output)
for name, value in (("pixels", pixels), ("imageEmbeds", image_embeds), ("textEmbeds", text_embeds)):
    expected = inputs[f"clip.{name}"]
    results[f"clip {name}"] = ((value - expected).abs().max() / expected.abs().max()).item()

pipe = pipeline("folder")
torch.manual_seed(0)
pipe.unet.add_adapter(LoraConfig(r=2, lora_alpha=4, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
for name, p in pipe.unet.named_parameters():
    if "lora_" in name:
        p.data = 0.3 * torch.randn(p.shape)
out = folder / "from-diffusers"
StableDiffusionPipeline.save_lora_weights(
    out / "lora",
    unet_lora_layers=get_peft_model_state_dict(pipe.unet),
    **_collate_lora_metadata({"unet": pipe.unet}),
)
adapted = draw(pipe, "ddim", 4, 1.0)
plain = pipeline("folder")
plain.save_pretrained(out / "model")
save_file({"plain": draw(plain, "ddim", 4, 1.0), "lora": adapted.contiguous()}, folder / "from-diffusers.safetensors")

# The same weights in the forms of older programs.
plain.save_pretrained(out / "bins", safe_serialization=False)
plain.save_pretrained(out / "shards", max_shard_size="300KB")
for bins in (out / "bins" / "text_encoder",):
    if not list(bins.glob("*.bin")):  # transformers 5 writes safetensors alone
        torch.save(load_file(bins / "model.safetensors"), bins / "pytorch_model.bin")
        (bins / "model.safetensors").unlink()
weights = load_file(folder / "model.safetensors")
ema = {
    "model_ema." + key.removeprefix("model.").replace(".", ""): value + 1
    for key, value in weights.items()
    if key.startswith("model.diffusion_model.")
}
schedule = {"betas": torch.linspace(0, 1, 1000, dtype=torch.float64), "model_ema.num_updates": torch.tensor(3, dtype=torch.int32)}
checkpoint = {
    "epoch": 7,
    "state_dict": {**weights, **ema, **schedule},
    "optimizer_states": [torch.optim.AdamW(plain.unet.parameters()).state_dict()],
    "best": np.float64(0.5),
}
torch.save(checkpoint, out / "old.ckpt")
torch.save(checkpoint, out / "legacy.ckpt", _use_new_zipfile_serialization=False)
print(json.dumps(results))
