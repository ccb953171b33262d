import onnx
import plain as without_hook
import pytest


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
