"""Rebuilds weights and inputs of a golden file: facts measured on the published code, as NumPy arrays."""

import json
import math
import zlib
from pathlib import Path

import numpy as np
import torch

from paperlens.models import published

FOLDER = Path(__file__).parent / "golden"
LEARNED = ("parameter", "statistic", "alias")


def names():
    return sorted(p.stem for p in FOLDER.glob("*.json"))


def read(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def state(record):
    """[name, shape, kind, (of)] of every tensor in the configuration that the golden output was made with."""
    return record["state"] if record["golden_config"] == "published" else record["small_state"]


def weight(name, shape, salt):
    z = np.random.default_rng(zlib.crc32((salt + name).encode())).standard_normal(shape)
    if name.endswith("running_var"):
        return 1 + np.abs(0.1 * z)
    if name.endswith("running_mean"):
        return 0.1 * z
    fan = int(np.prod(shape)) // shape[0] if len(shape) and shape[0] else 1
    return z * (0.5 / math.sqrt(fan)) if len(shape) >= 2 and fan > 1 else 0.5 + 0.1 * z


def weights(record, salt=None):
    """Published name -> array for every learned tensor."""
    salt = record["golden"]["salt"] if salt is None else salt
    return {
        n: np.asarray(weight(of[0] if of else n, tuple(shape), salt))
        for n, shape, kind, *of in state(record)
        if kind in LEARNED
    }


def fill(model, record):
    """The model with the golden's weights, made and copied one tensor after the other."""
    salt = record["golden"]["salt"]
    left_out = published.dropped(model)
    left = {
        n: (tuple(shape), of[0] if of else n)
        for n, shape, kind, *of in state(record)
        if kind in LEARNED and n not in left_out
    }
    for slot in published.published_slots(model):
        if slot.name in left:
            shape, name = left.pop(slot.name)
            slot.fill(torch.from_numpy(np.asarray(weight(name, shape, salt))))
    if left:
        raise ValueError(f"no tensor of the model is called {', '.join(left)}")
    return model


def inputs(record):
    """(args, kwargs) with arrays in place of tensors."""
    golden, count = record["golden"], [0]

    def make(spec):
        if isinstance(spec, list):
            return [make(s) for s in spec]
        if "dict" in spec:
            return {k: make(v) for k, v in spec["dict"].items()}
        if "value" in spec:
            return spec["value"]
        if spec["kind"] == "uniform":
            values = np.random.default_rng([golden["seed"], count[0]]).random(spec["tensor"])
            count[0] += 1
            return spec["low"] + (spec["high"] - spec["low"]) * values
        return np.asarray(spec["values"], dtype=spec["kind"]).reshape(spec["tensor"])

    return make(golden["inputs"]["args"]), {k: make(v) for k, v in golden["inputs"]["kwargs"].items()}


def difference(outputs, record):
    """The largest error over all outputs, relative to the spread of each; infinity where a shape differs."""
    expected = record["golden"]["outputs"]
    if [list(o.shape) for o in outputs] != [e["shape"] for e in expected]:
        return math.inf
    worst = 0.0
    for output, e in zip(outputs, expected, strict=True):
        array = output.detach().double().numpy()
        scale = max(np.abs(e["value"]).max(), 1e-12)
        error = max(
            np.abs(array.ravel()[e["index"]] - e["value"]).max(),
            abs(array.mean() - e["mean"]),
            abs(array.std() - e["std"]),
        )
        worst = max(worst, error / scale)
    return worst
