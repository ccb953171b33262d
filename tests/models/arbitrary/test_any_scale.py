"""Meta-SR and LIIF answer for any real scale, in y and x, and pixel by pixel alike."""

import pytest
import torch

from paperlens.models import build, count
from paperlens.models.arbitrary.meta_sr import project


@pytest.mark.parametrize("name", ["meta_sr", "liif"])
@pytest.mark.parametrize("size", [(9, 13), (18, 26), (13, 40), (5, 7), (1, 1)])
def test_any_size_can_be_asked_for(name, size):
    torch.manual_seed(0)
    output = build(name, "tiny")(torch.rand(2, 3, 9, 13), size)
    assert output.shape == (2, 3, *size) and output.isfinite().all()


def test_a_pixel_is_projected_to_where_it_lies():
    """At scale 1.5 pixel 4 lies at 2 2/3, pixel 3 exactly at 2; 0.1 steps must not round into the pixel below."""
    index, offset = project(4, 6, torch.zeros(1, dtype=torch.float64))
    assert index.tolist() == [0, 0, 1, 2, 2, 3]
    torch.testing.assert_close(offset, torch.tensor([0, 2, 1, 0, 2, 1], dtype=torch.float64) / 3)
    whole, rest = project(100, 1000, torch.zeros(1))
    assert whole.tolist() == [i // 10 for i in range(1000)] and rest.min() == 0 and rest.max() < 1


def test_meta_sr_at_twice_the_size_is_the_published_grid():
    torch.manual_seed(0)
    model = build("meta_sr", "tiny").double().eval()
    image = torch.rand(1, 3, 5, 7, dtype=torch.float64)
    rows, columns = torch.arange(10), torch.arange(14)
    positions = torch.stack(
        torch.broadcast_tensors(
            torch.tensor(0.5, dtype=torch.float64), (rows % 2 / 2)[:, None], (columns % 2 / 2)[None]
        ),
        dim=-1,
    ).double()
    expected = model.upscale(image, rows // 2, columns // 2, positions)
    torch.testing.assert_close(model(image, (10, 14)), expected, rtol=0, atol=1e-12)


def test_liif_answers_each_point_by_itself():
    torch.manual_seed(0)
    model = build("liif", "tiny").double().eval()
    image = torch.rand(1, 3, 6, 5, dtype=torch.float64)
    coord = torch.rand(1, 40, 2, dtype=torch.float64) * 2 - 1
    cell = torch.full_like(coord, 0.1)
    together = model.query(image, coord, cell)
    alone = torch.cat([model.query(image, coord[:, i : i + 1], cell[:, i : i + 1]) for i in range(40)], dim=1)
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-12)


def test_liif_is_continuous_where_the_nearest_feature_changes():
    """The local ensemble of Sec. 3: without it the answer jumps at the border of two features."""
    torch.manual_seed(0)
    model = build("liif", "tiny").double().eval()
    image = torch.rand(1, 3, 8, 8, dtype=torch.float64)
    y = torch.linspace(-0.30, -0.20, 401, dtype=torch.float64)  # features meet at -0.25
    line = torch.stack([y, torch.full_like(y, 0.1)], dim=-1)[None]
    step = model.query(image, line, torch.full_like(line, 0.1)).diff(dim=1).abs().amax(dim=(0, 2))
    assert step.max() < 20 * step.median()


def test_liif_costs_what_was_counted_on_the_published_code():
    model = count.on_meta("liif", "edsr_baseline", scale=1.0)
    assert count.macs(model, torch.empty(1, 3, 48, 48, device="meta")) / 1e9 == pytest.approx(
        5.9942, rel=1e-4
    )
