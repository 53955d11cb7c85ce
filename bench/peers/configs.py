"""Where the peer computes, and transformers config.json files whose numbers come from JavaScript, which writes 1.0 as 1."""

import json
import os

# Set by ../worker.ts: torch's name of a device.
DEVICE = os.environ.get("HEED_BENCH_PEER_DEVICE", "cpu")

# transformers 5 refuses a whole number here.
FLOATS = ("initializer_factor", "initializer_range", "layer_norm_eps", "logit_scale_init_value", "attention_dropout")


def read_config(folder):
    with open(os.path.join(folder, "config.json")) as file:
        return with_floats(json.load(file))


def with_floats(config):
    return {
        key: with_floats(value) if isinstance(value, dict) else float(value) if key in FLOATS else value
        for key, value in config.items()
    }
