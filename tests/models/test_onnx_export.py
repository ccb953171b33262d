import onnx
import plain as without_hook
import pytest

from paperlens.models import CATALOGUE, build
from paperlens.models.onnx_export import export

PICTURES = [name for name, entry in CATALOGUE.items() if entry.call]
QUICK = {"edsr", "hat", "mhca"}  # a plain one, two values that torch calls `mean`, another range


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.verify) for name in PICTURES]
)
def test_every_picture_model_exports_and_equals_torch(name, plain, tmp_path):
    _, difference, training = plain(without_hook.onnx_export, name, "tiny", str(tmp_path / "model.onnx"))
    assert difference < 1e-5
    assert training, "the model is left as it was"


def test_what_takes_no_picture_is_refused(tmp_path):
    with pytest.raises(ValueError, match="ViT takes a picture of fixed size and gives classes"):
        export(build("vit", "tiny"), tmp_path / "model.onnx")


@pytest.mark.parametrize("name", ["edsr", pytest.param("swinir", marks=pytest.mark.verify)])
def test_the_small_models_fit_into_a_page(name, plain, tmp_path):
    path = str(tmp_path / "model.onnx")
    size, difference, _ = plain(without_hook.onnx_export, name, "small", path)
    assert size < 300_000
    assert difference < 1e-5
    proto = onnx.load(path)
    assert not any(part.metadata_props or part.doc_string for part in [proto, proto.graph, *proto.graph.node])
    shapes = [[axis.dim_value for axis in value.type.tensor_type.shape.dim] for value in proto.graph.input]
    assert shapes == [[1, 3, 24, 40]]


def test_one_index_table_for_all_blocks(plain, tmp_path):
    path = str(tmp_path / "model.onnx")
    _, difference, _ = plain(without_hook.onnx_export, "swinir", "tiny", path)
    assert difference < 1e-5
    tables = [t for t in onnx.load(path).graph.initializer if list(t.dims) == [16, 16]]
    assert len(tables) == 1
