"""How PyTorch computes: float32, or float16 in channels-last layout, with or without torch.compile."""

import torch

from configs import DEVICE


def is_half(settings):
    return settings["form"] != "float32"


def stored_type(settings):
    """The type of the weights of a model that is not trained."""
    return torch.float16 if is_half(settings) else torch.float32


def prepared(network, settings):
    """The network in the layout of the form, compiled if the form says so."""
    if is_half(settings):
        network = network.to(memory_format=torch.channels_last)
    return torch.compile(network) if settings["form"] == "float16-compiled" else network


def autocast(settings):
    """The context of a forward pass with float32 weights."""
    return torch.autocast(DEVICE, dtype=torch.float16, enabled=is_half(settings))
