"""A small model as one ONNX file for the browser: fixed input size, nothing in it that the runtime does not need."""

from collections.abc import Iterator
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from paperlens.models import system_of
from paperlens.models.facts import Picture

OPSET = 20  # the first with Gelu; DepthToSpace, Resize with antialias and LayerNormalization are older


def export(model: nn.Module, path: str | Path, *, height: int = 64, width: int = 64) -> int:
    """Write `model`, evaluating, as a function of one picture `1 channels height width` of 0..1; returns the bytes.

    The picture and what is made of it, 0..1 too, are called `image` and `restored`: of several outputs the final one,
    whatever range the authors' network reads (the system's CALL). Metadata (source lines, shapes of every intermediate)
    is stripped, constants stay unfolded (the runtime folds masks and tables when it loads them) and equal tables are
    stored once. ValueError for a system that takes something else than a picture.
    """
    entry = system_of(model)
    if entry.call is None:
        raise ValueError(f"{type(model).__name__} takes {entry.not_a_picture}")
    was_training = model.training
    channels = entry.call.channels(model.config)
    example = torch.rand(1, channels, height, width, device=next(model.parameters()).device)
    try:
        # The plain form of attention: its layout survives the exporter's decomposition.
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
            program = torch.onnx.export(
                _OnPictures(model, entry.call).eval(),
                (example,),
                input_names=["image"],
                output_names=["restored"],
                opset_version=OPSET,
                dynamo=True,
                optimize=False,
                verbose=False,
            )
    finally:
        model.train(was_training)
    assert program is not None
    proto = slim(program.model_proto)
    onnx.checker.check_model(proto, full_check=True)
    written = proto.SerializeToString()
    Path(path).write_bytes(written)
    return len(written)


class _OnPictures(nn.Module):
    """A network as a function of a picture of 0..1. Its tensors are called `network....`, as no operation is."""

    def __init__(self, network: nn.Module, call: Picture) -> None:
        super().__init__()
        self.network, self.call = network, call

    def forward(self, image: Tensor) -> Tensor:
        """The final picture."""
        white = self.call.value_range
        output = self.network(image if white == 1 else image * white)
        restored: Tensor = output if self.call.output is None else output[self.call.output]
        return restored if white == 1 else restored / white


def slim(proto: onnx.ModelProto) -> onnx.ModelProto:
    """The model without metadata and with one copy of every table that it holds several times."""
    graph = proto.graph
    _one_of_each(graph)
    for part in _parts(proto):
        del part.metadata_props[:]
        part.doc_string = ""
    del graph.value_info[:]
    for function in proto.functions:
        del function.value_info[:]
    return proto


def _one_of_each(graph: onnx.GraphProto) -> None:
    kept: dict[tuple[object, ...], str] = {}
    renamed: dict[str, str] = {}
    tensors = list(graph.initializer)
    del graph.initializer[:]
    for tensor in tensors:
        key = (tensor.data_type, tuple(tensor.dims), tensor.raw_data)
        first = kept.setdefault(key, tensor.name)
        if first == tensor.name:
            graph.initializer.append(tensor)
        renamed[tensor.name] = first
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = renamed.get(name, name)


def _parts(proto: onnx.ModelProto) -> Iterator[onnx.ModelProto | onnx.GraphProto | onnx.NodeProto]:
    yield proto
    yield proto.graph
    for group in (
        proto.graph.node,
        proto.graph.initializer,
        proto.graph.input,
        proto.graph.output,
        proto.functions,
    ):
        yield from group
    for function in proto.functions:
        yield from function.node
