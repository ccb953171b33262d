"""Checkpoint files as authors publish them, made of the goldens' names and of drawn weights."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "fidelity"))
import golden


def published_state(name):
    """Float32 tensors under the authors' names, buffers of theirs left out."""
    return {n: torch.from_numpy(a).float() for n, a in golden.weights(golden.read(name)).items()}


def published_shapes(name):
    """With the buffers and frozen tensors that authors' files hold too."""
    return {n: tuple(shape) for n, shape, *_ in golden.state(golden.read(name))}
