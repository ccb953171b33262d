"""What must run without the jaxtyping hook, which breaks torch.compile: called in the child of `plain`."""

import subprocess
import sys
import time

import torch

from paperlens.models import CATALOGUE, build


def compiled_difference(name):
    """The largest difference between eager and compiled outputs of the tiny preset, one graph, no break."""
    torch.manual_seed(0)
    torch._dynamo.reset()
    model = build(name, "tiny").eval()
    inputs = CATALOGUE[name].example(model.config, 2)
    with torch.no_grad():
        expected = torch.utils._pytree.tree_leaves(model(*inputs))
        found = torch.utils._pytree.tree_leaves(
            torch.compile(model, fullgraph=True, backend="eager")(*inputs)
        )
    return max((a - b).abs().max().item() for a, b in zip(expected, found, strict=True))


def seconds(name):
    """The best of a few forward passes of the tiny preset with one picture."""
    torch.manual_seed(0)
    model = build(name, "tiny").eval()
    inputs = CATALOGUE[name].example(model.config, 1)
    best = float("inf")
    with torch.no_grad():
        for _ in range(6):
            start = time.perf_counter()
            model(*inputs)
            best = min(best, time.perf_counter() - start)
    return best


def onnx_export(name, preset, path, **overrides):
    """Bytes of the exported file and the largest difference to onnxruntime, on weights that are not the first ones."""
    import onnxruntime

    from paperlens.models.onnx_export import export

    torch.manual_seed(0)
    model, call = build(name, preset, **overrides), CATALOGUE[name].call
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    image = torch.rand(1, call.channels(model.config), 24, 40)
    size = export(model, path, height=24, width=40)
    training = model.training
    (restored,) = onnxruntime.InferenceSession(path).run(["restored"], {"image": image.numpy()})
    with torch.no_grad():
        output = model.eval()(image * call.value_range)
    expected = (output if call.output is None else output[call.output]) / call.value_range
    return size, float((torch.from_numpy(restored) - expected).abs().max()), training


def imported(name):
    """What a new process has loaded of paperlens after listing the catalogue, and after one entry was read."""
    script = (
        "import sys; from paperlens.models import CATALOGUE; "
        "list(CATALOGUE), len(CATALOGUE), 'swinir' in CATALOGUE; told = lambda: print(*sorted(sys.modules)); told(); "
        f"CATALOGUE['{name}'].presets; told()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return [[m for m in line.split() if m.startswith("paperlens")] for line in done.stdout.splitlines()]
