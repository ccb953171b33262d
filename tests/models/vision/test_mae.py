"""What only the masked autoencoder promises."""

import json
from pathlib import Path

import pytest
import torch

from paperlens.models import build, count, published
from paperlens.models.vision.mae_pretrain import reconstruct
from paperlens.ops.positions import sinusoids_2d

GOLDEN = Path(__file__).parents[2] / "fidelity/golden/mae_vit_b_pretrain.json"


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build("mae_pretrain", "tiny").double().eval()


@pytest.fixture
def image():
    return torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1)).double()


def test_hidden_patches_reach_nothing(model, image):
    noise = torch.rand(2, 16).double()
    painted, mask = model(image, noise)
    assert mask.sum(1).tolist() == [12, 12]
    for one in range(2):
        visible = set(noise[one].argsort()[:4].tolist())
        assert {i for i in range(16) if not mask[one, i]} == visible
    patches = model.patches(image)
    other = model.picture(torch.where(mask[..., None] > 0, torch.rand_like(patches), patches))
    assert not torch.equal(other, image)
    torch.testing.assert_close(model(other, noise)[0], painted)


def test_patches_and_picture_are_inverse_with_the_colour_last(model, image):
    patches = model.patches(image)
    torch.testing.assert_close(model.picture(patches), image)
    assert torch.equal(patches[0, 5, :3], image[0, :, 8, 8])  # second row, second column
    assert torch.equal(patches[0, 5, 3:6], image[0, :, 8, 9])


def test_the_loss_counts_hidden_patches_alone(model, image):
    mask = torch.zeros(2, 16).double()
    mask[0, 3] = mask[1, 7] = 1
    painted = model.patches(image).clone()
    painted[:, 0] += 100  # visible
    assert model.loss(image, painted, mask) == 0
    painted[0, 3] += 2
    torch.testing.assert_close(model.loss(image, painted, mask), torch.tensor(2.0).double())


def test_a_normalised_target_has_unbiased_unit_variance(image):
    model = build("mae_pretrain", "tiny", normalised_target=True).double()
    patches = model.patches(image)
    mean, std = patches.mean(-1, keepdim=True), patches.std(-1, keepdim=True)
    painted = (patches - mean) / (std**2 + 1e-6).sqrt()
    assert model.loss(image, painted, torch.ones(2, 16).double()) < 1e-20


@pytest.mark.parametrize("normalised", [False, True])
def test_reconstruct_keeps_what_is_seen(image, normalised):
    torch.manual_seed(0)
    model = build("mae_pretrain", "tiny", normalised_target=normalised).double().eval()
    painted, mask = reconstruct(model, image, torch.Generator().manual_seed(3))
    assert mask.mean() == 0.75 and set(mask.unique().tolist()) == {0, 1}
    assert torch.equal(painted[mask == 0], image[mask == 0])
    assert not torch.isclose(painted[mask == 1], image[mask == 1]).all()
    again, _ = reconstruct(model, image, torch.Generator().manual_seed(3))
    assert torch.equal(painted, again)


def test_fine_tuning_starts_from_the_encoder(model, image):
    classifier = build("mae", "tiny").double().from_pretrained(model)
    assert classifier.pos_embed.requires_grad and not model.pos_embed.requires_grad
    whole = build("mae_pretrain", "tiny", mask_ratio=0.0).double()
    whole.load_state_dict(model.state_dict())
    tokens = whole.patch_projection(image).flatten(2).mT + whole.pos_embed[:, 1:]
    cls = (whole.cls_token + whole.pos_embed[:, :1]).expand(2, 1, -1)
    z = whole.blocks(torch.cat([cls, tokens], dim=1))[:, 1:].mean(1)
    torch.testing.assert_close(classifier(image), classifier.head(classifier.norm(z)))
    with pytest.raises(ValueError, match="depth of the autoencoder is 2, of this classifier 3"):
        build("mae", "tiny", depth=3).from_pretrained(model)


def test_positions_name_the_column_first():
    codes = sinusoids_2d(2, 3, 8)
    assert torch.equal(codes[0, :2], codes[3, :2])  # same column, other row
    assert torch.equal(codes[0, 4:], codes[1, 4:])  # same row
    torch.testing.assert_close(
        codes[4, :4],
        torch.tensor([1.0, 0.01, 1.0, 0.01]).sin() * torch.tensor([1.0, 1.0, 0, 0])
        + torch.tensor([1.0, 0.01, 1.0, 0.01]).cos() * torch.tensor([0, 0, 1.0, 1.0]),
    )
    with pytest.raises(ValueError, match="4 does not divide dim 6"):
        sinusoids_2d(2, 2, 6)


def test_the_fine_tuning_form_has_the_encoders_published_names():
    names = {s.name for s in published.published_slots(count.on_meta("mae", "b16"))}
    pretrained = {name for name, *_ in json.loads(GOLDEN.read_text("utf-8"))["state"]}
    encoder = {name for name in pretrained if "decoder" not in name and "mask_token" not in name}
    ends = {f"{layer}.{kind}" for layer in ("fc_norm", "head") for kind in ("weight", "bias")}
    assert names == encoder - {"norm.weight", "norm.bias"} | ends
