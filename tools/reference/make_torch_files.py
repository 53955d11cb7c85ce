"""Writes files of torch.save in every form that heed reads, and what torch.load reads from them as safetensors.

The keys of the old format are addresses, which differ at each run.

Usage: make_torch_files.py FOLDER
"""
import collections
import pathlib
import sys

import numpy
import torch
from safetensors.torch import save_file

OUT = pathlib.Path(sys.argv[1])
OUT.mkdir(parents=True, exist_ok=True)


class ModelCheckpoint:
    """Stands for the callback that PyTorch Lightning leaves in its checkpoints."""


ModelCheckpoint.__module__ = "pytorch_lightning.callbacks.model_checkpoint"
for name in ("pytorch_lightning", "pytorch_lightning.callbacks", "pytorch_lightning.callbacks.model_checkpoint"):
    sys.modules[name] = type(sys)(name)
sys.modules["pytorch_lightning.callbacks.model_checkpoint"].ModelCheckpoint = ModelCheckpoint


def numbers(*shape):
    count = int(numpy.prod(shape))
    return (torch.arange(count, dtype=torch.float32).reshape(shape) * 0.37).sin()


def write(name, value, tensors, is_new=False, **options):
    """Saves `value` in both formats, or in the new one alone, and what torch.load finds of `tensors` in each."""
    paths = [OUT / f"{name}.pth"]
    torch.save(value, paths[0], **options)
    if not is_new:
        paths.append(OUT / f"{name}-legacy.pth")
        torch.save(value, paths[1], _use_new_zipfile_serialization=False, **options)
    for path in paths:
        loaded = torch.load(path, weights_only=False)
        found = {key: find(loaded, key) for key in tensors}
        assert all(torch.equal(found[key], tensors[key]) for key in tensors), path
    plain = {key: t.detach().float().contiguous().clone() for key, t in found.items()}
    save_file(plain, OUT / f"{name}.safetensors")
    (OUT / f"{name}.safetensors").chmod(0o644)


def find(value, key):
    """The tensor that heed calls `key`."""
    value = value.get("state_dict", value)
    if key in value:
        return value[key]
    outer, inner = key.split(".", 1)
    return value[outer][int(inner) if inner.isdigit() else inner]


# Every type of number.
types = {
    "f64": numbers(5).double() * 1e3,
    "f32": numbers(2, 3),
    "f16": numbers(7).half(),
    "bf16": numbers(3, 3).bfloat16(),
    "i64": torch.tensor([-3, 2**20, 5]),
    "i32": torch.tensor([[1, -2]], dtype=torch.int32),
    "i16": torch.tensor([-300, 300], dtype=torch.int16),
    "i8": torch.tensor([-128, 127], dtype=torch.int8),
    "u8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 4),
}
write("types", types, types)
newer = {
    "u16": torch.tensor([0, 65535], dtype=torch.uint16),
    "u32": torch.tensor([7, 2**24], dtype=torch.uint32),
    "u64": torch.tensor([9, 2**24], dtype=torch.uint64),
    "e4m3": numbers(9).to(torch.float8_e4m3fn),
    "e5m2": numbers(9).to(torch.float8_e5m2),
}
write("newer-types", newer, newer, is_new=True)

# Views: strides, offsets, shared storages.
whole = numbers(6, 8)
block = numbers(2, 3, 4, 5)
views = collections.OrderedDict(
    whole=whole,
    transposed=whole.t(),
    part=whole[1:4, 2:7],
    column=whole[:, 3],
    every_second=whole[::2, ::3],
    permuted=block.permute(2, 0, 3, 1),
    expanded=numbers(4)[:, None].expand(4, 6),
    windows=numbers(10).unfold(0, 4, 2),
    channels_last=numbers(2, 3, 4, 4).to(memory_format=torch.channels_last),
    last=whole[-1],
    parameter=torch.nn.Parameter(numbers(3)),
)
write("views", views, views)

# What PyTorch Lightning leaves around a state dict.
model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
with torch.no_grad():
    for index, parameter in enumerate(model.parameters()):
        parameter.copy_(numbers(*parameter.shape) + index)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
model(numbers(4, 3)).sum().backward()
optimizer.step()
checkpoint = {
    "epoch": 0,
    "global_step": 470_000,
    "pytorch-lightning_version": "1.4.2",
    "state_dict": model.state_dict(),
    "loops": None,
    "callbacks": {
        ModelCheckpoint: {
            "monitor": "val/loss",
            "best_model_score": torch.tensor(0.25),
            "best_k_models": {"last.ckpt": numpy.float64(0.25), "first.ckpt": numpy.float32(1.5)},
            "history": numpy.arange(3),
            "names": {"a", "b"},
        }
    },
    "optimizer_states": [optimizer.state_dict()],
    "lr_schedulers": [{"last_lr": [1e-4], "_step_count": 2**40}],
}
write("lightning", checkpoint, model.state_dict())
write("protocol4", checkpoint, model.state_dict(), pickle_protocol=4)
write("protocol5", checkpoint, model.state_dict(), pickle_protocol=5)
write("nested", {"model": {"a": numbers(2)}, "list": [numbers(3)]}, {"model.a": numbers(2), "list.0": numbers(3)})
