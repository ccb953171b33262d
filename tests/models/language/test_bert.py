"""What only BERT promises."""

import pytest
import torch

from paperlens.models import build


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build("bert", "tiny").double().eval()


def test_every_token_sees_both_sides_but_no_padding(model):
    torch.manual_seed(1)
    tokens = torch.randint(50, (1, 8))
    mask = torch.arange(8)[None] < 6
    z = model(tokens, mask=mask)
    for place, seen in ((5, True), (6, False)):
        changed = tokens.clone()
        changed[:, place] = (changed[:, place] + 1) % 50
        assert torch.allclose(model(changed, mask=mask)[:, :5], z[:, :5], rtol=1e-10, atol=1e-12) != seen
    torch.testing.assert_close(z[:, :6], model(tokens[:, :6]))


def test_the_sentence_is_made_of_the_first_token(model):
    z = torch.randn(2, 5, 32, dtype=torch.float64)
    other = z.clone()
    other[:, 1:] = 0
    assert torch.equal(model.sentence(z), model.sentence(other))
    assert model.sentence(z).abs().max() < 1
    with pytest.raises(ValueError, match="pooler=False"):
        build("bert", "tiny", pooler=False).sentence(z)


def test_the_token_head_writes_with_the_embedding():
    model = build("bert_pretraining", "tiny")
    assert model.hidden_token.weight is model.encoder.token_embedding.weight
    words, following = model(torch.zeros(2, 6, dtype=torch.long))
    assert words.shape == (2, 6, 50) and following.shape == (2, 2)
    assert build("bert_pretraining", "tiny", next_sentence=False)(
        torch.zeros(2, 6, dtype=torch.long)
    ).shape == (2, 6, 50)
