"""Checkpoints: whole or absent, and nothing in them is ever executed.

    FOLDER/step-00000400/   weights.safetensors   the network
                            average.safetensors   its running average, where the plan keeps one
                            optimizer.pt          moments and losses: tensors, read with weights_only
                            state.json            step, seconds, plan

A checkpoint is written beside its final name and renamed: one that can be seen is complete. Randomness needs
no entry, because step n draws from a generator seeded by (seed, n).
"""

import errno
import io
import json
import pickle
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from paperlens.data.files import write
from paperlens.errors import UserError


def pack(state: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """A state as safetensors bytes; tied tensors are stored once for each name."""
    clean = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    return bytes(safetensors.torch.save(clean, metadata))


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file; UserError for a file that is missing, cut off or something else."""
    try:
        return dict(safetensors.torch.load(path.read_bytes()))
    except (OSError, SafetensorError, ValueError) as error:
        raise UserError(f"{path} is no readable safetensors file ({error}).") from error


def load(module: nn.Module, path: Path) -> None:
    """Fill `module` from a safetensors file; UserError with the first differing names if another model's."""
    state, own = read(path), module.state_dict()
    missing = [name for name in own if name not in state]
    unknown = [name for name in state if name not in own]
    wrong = [
        f"{name} is {tuple(state[name].shape)} in the file, {tuple(own[name].shape)} in the model"
        for name in own
        if name in state and state[name].shape != own[name].shape
    ]
    parts = (("missing", missing), ("not in the model", unknown), ("other shape", wrong))
    told = [f"{what} {'; '.join(names[:3])} ({len(names)} in all)" for what, names in parts if names]
    if told:
        raise UserError(f"{path} holds another model than {type(module).__name__}: {', '.join(told)}.")
    module.load_state_dict(state)


def save(
    folder: Path,
    step: int,
    modules: Mapping[str, nn.Module],
    optimizer: Mapping[str, Any],
    state: Mapping[str, Any],
) -> Path:
    """One checkpoint of `step`; older ones go once it is complete. A full disk leaves the last one alone."""
    final, beside = folder / f"step-{step:08d}", folder / f"step-{step:08d}.part"
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        for name, module in modules.items():
            write(beside / f"{name}.safetensors", pack(module.state_dict()))
        buffer = io.BytesIO()
        torch.save(optimizer, buffer)
        write(beside / "optimizer.pt", buffer.getvalue())
        write(beside / "state.json", json.dumps({"step": step, **state}, indent=1).encode())
        shutil.rmtree(final, ignore_errors=True)
        beside.replace(final)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        kept = newest(folder)
        known = f"{kept.name} is whole" if kept else "there is no earlier checkpoint"
        raise UserError(
            f"the disk is full: step {step} could not be saved in {folder}, {known}; free space and resume."
        ) from error
    for older in folder.glob("step-*"):
        if older != final:
            shutil.rmtree(older, ignore_errors=True)
    return final


def newest(folder: Path) -> Path | None:
    """The checkpoint with the highest step in `folder`, if there is one."""
    return max((found for found in folder.glob("step-*") if found.name[5:].isdigit()), default=None)


def restore(folder: Path, modules: Mapping[str, nn.Module]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fill `modules` from the newest checkpoint; returns (optimizer, state). UserError says what is wrong."""
    found = newest(folder)
    if found is None:
        raise UserError(f"nothing to resume in {folder}: it holds no checkpoint; start without resume.")
    for name, module in modules.items():
        load(module, found / f"{name}.safetensors")
    try:
        optimizer = torch.load(found / "optimizer.pt", map_location="cpu", weights_only=True)
        state = json.loads((found / "state.json").read_text())
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise UserError(
            f"the checkpoint {found} is damaged ({str(error).splitlines()[0]}); delete it."
        ) from error
    # Valid JSON that is no table has none of the parts: the run says which it misses.
    optimizer, state = (part if isinstance(part, dict) else {} for part in (optimizer, state))
    return optimizer, state
