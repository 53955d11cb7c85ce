"""Pictures and texts to CLIP's projected embeddings, in batches; pictures come as bytes of the model's own size."""

import os

import torch
from safetensors.torch import load_file
from transformers import CLIPConfig, CLIPModel

from configs import DEVICE, read_config
from forms import stored_type


def projected(output):
    """get_*_features returned the tensor up to transformers 4 and returns it as `pooler_output` since."""
    return output if isinstance(output, torch.Tensor) else output.pooler_output


class ClipEmbedding:
    def __init__(self, folder, settings):
        self.batch_size = settings["batchSize"]
        self.images_only = settings.get("imagesOnly", False)
        clip = os.path.join(folder, "clip")
        config = CLIPConfig(**read_config(clip))
        self.type = stored_type(settings)
        self.model = CLIPModel.from_pretrained(clip, config=config, dtype=self.type).to(DEVICE).eval()
        if settings["form"] == "float16-compiled":
            self.model.vision_model.compile()
            self.model.text_model.compile()
        inputs = load_file(os.path.join(folder, "inputs.safetensors"), device=DEVICE)
        self.images = inputs["images"].to(torch.uint8)  # [N, H, W, 3]
        self.ids = inputs["inputIds"].long()  # [N, T]
        self.mean = inputs["imageMean"].view(1, 3, 1, 1)
        self.deviation = inputs["imageStd"].view(1, 3, 1, 1)

    @torch.inference_mode()
    def embed(self):
        images = [
            projected(self.model.get_image_features(pixel_values=self.pixel_values(batch)))
            for batch in self.images.split(self.batch_size)
        ]
        if self.images_only:
            return {"imageEmbeds": torch.cat(images)}
        texts = [projected(self.model.get_text_features(input_ids=ids)) for ids in self.ids.split(self.batch_size)]
        return {"textEmbeds": torch.cat(texts), "imageEmbeds": torch.cat(images)}

    def pixel_values(self, images):
        pixels = images.permute(0, 3, 1, 2).contiguous().float().div_(255)
        return pixels.sub_(self.mean).div_(self.deviation).to(self.type)

    def check(self):
        return self.embed()

    def run_once(self):
        self.embed()


def open_work(folder, settings):
    return ClipEmbedding(folder, settings)
