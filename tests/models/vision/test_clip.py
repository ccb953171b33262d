"""What only CLIP promises."""

import math

import pytest
import torch

from paperlens.models import build
from paperlens.models.vision.clip import classifier, contrastive_loss, score


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build("clip", "tiny").double().eval()


@pytest.fixture
def text():
    return torch.tensor([[57, 3, 8, 59, 0, 0, 0, 0, 0], [57, 5, 59, 0, 0, 0, 0, 0, 0]])


def test_nothing_behind_the_end_of_a_text_counts(model, text):
    for place in (4, 6):
        longer = text.clone()
        longer[0, place] = 9
        torch.testing.assert_close(model.encode_text(longer), model.encode_text(text))
    within = text.clone()
    within[0, 1] = 9
    assert not torch.allclose(model.encode_text(within)[0], model.encode_text(text)[0])


def test_logits_are_cosines_at_the_first_temperature(model, text):
    image = torch.rand(3, 3, 32, 32).double()
    per_image, per_text = model(image, text)
    assert per_image.shape == (3, 2) and torch.equal(per_image.mT, per_text)
    assert math.isclose(model.logit_scale.exp().item(), 1 / 0.07, rel_tol=1e-6)
    features = (
        model.image_encoder(image) @ model.image_projection,
        model.text_encoder(text) @ model.text_projection,
    )
    cosine = torch.nn.functional.cosine_similarity(features[0][:, None], features[1][None], dim=-1)
    torch.testing.assert_close(per_image, cosine * model.logit_scale.exp())


def test_prompts_are_scored(model, text):
    image = torch.rand(3, 3, 32, 32).double()
    single = classifier(model, text[:, None])
    torch.testing.assert_close(score(model, image, single), model(image, text)[0].softmax(-1))
    ensemble = classifier(model, text[None])  # one class, two prompts
    mean = model.encode_text(text).mean(0)
    torch.testing.assert_close(ensemble[0], mean / mean.norm())


def test_the_loss_is_lowest_where_pairs_agree():
    logits = torch.full((4, 4), -9.0).fill_diagonal_(9.0)
    assert contrastive_loss(logits, logits.mT) < 1e-6
    assert contrastive_loss(logits.roll(1, 0), logits.roll(1, 0).mT) > 10
    torch.testing.assert_close(
        contrastive_loss(torch.zeros(4, 4), torch.zeros(4, 4)), torch.tensor(4.0).log()
    )


def test_texts_of_another_length_are_told(model, text):
    with pytest.raises(ValueError, match="texts of 8 tokens, this model takes 9"):
        model.encode_text(text[:, :8])
