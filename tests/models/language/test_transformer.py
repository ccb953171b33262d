"""What only the Transformer promises: nothing looks ahead, padding is invisible, two forms of one idea."""

import math

import pytest
import torch

from paperlens.models import build
from paperlens.models.language.annotated_transformer import UnbiasedNorm
from paperlens.ops.positions import sinusoids


@pytest.fixture(params=["transformer", "annotated_transformer"])
def model(request):
    torch.manual_seed(0)
    return build(request.param, "tiny").eval()


def test_no_token_sees_what_follows_it(model):
    source, target = torch.randint(50, (2, 7)), torch.randint(40, (2, 9))
    changed = target.clone()
    changed[:, 5:] = (target[:, 5:] + 1) % 40
    with torch.no_grad():
        before, after = model(source, target), model(source, changed)
    torch.testing.assert_close(before[:, :5], after[:, :5])
    assert not torch.allclose(before[:, 5], after[:, 5])


def test_padding_is_invisible(model):
    source, target = torch.randint(50, (1, 7)), torch.randint(40, (1, 4))
    padded = torch.cat([source, torch.zeros(1, 3, dtype=torch.long)], dim=1)
    mask = torch.arange(10)[None] < 7
    with torch.no_grad():
        torch.testing.assert_close(model(padded, target, mask), model(source, target))
        assert not torch.allclose(model(padded, target), model(source, target), atol=1e-4)


def test_outputs_are_log_probabilities(model):
    total = model(torch.randint(50, (2, 3)), torch.randint(40, (2, 4))).exp().sum(-1)
    torch.testing.assert_close(total, torch.ones(2, 4))


def test_paper_ties_one_embedding_to_both_sides_and_the_output():
    model = build("transformer", "tiny")
    assert [n for n, p in model.named_parameters() if 50 in p.shape] == ["embedding.weight"]
    memory = torch.randn(1, 3, 32)
    model.decoder = torch.nn.ModuleList()  # what is left is the embedding and the output
    model.positions = model.positions * 0
    tokens = torch.tensor([[7, 8, 9]])
    embedded = model.embedding(tokens) * math.sqrt(32)
    torch.testing.assert_close(
        model.decode(memory, tokens), (embedded @ model.embedding.weight.T).log_softmax(-1)
    )


def test_unbiased_norm_by_hand():
    z = torch.tensor([[[1.0, 2.0, 3.0, 6.0]]], dtype=torch.float64)
    expected = (z - 3) / (math.sqrt((4 + 1 + 0 + 9) / 3) + 1e-6)
    torch.testing.assert_close(UnbiasedNorm(4).double()(z), expected)


def test_too_long_a_sequence_is_refused():
    with pytest.raises(ValueError, match=r"101 .*100"):
        build("transformer", "tiny")(
            torch.zeros(1, 101, dtype=torch.long), torch.zeros(1, 1, dtype=torch.long)
        )


def test_sinusoids_by_hand():
    table = sinusoids(3, 4)
    expected = [math.sin(2), math.cos(2), math.sin(2 / 100), math.cos(2 / 100)]
    torch.testing.assert_close(table[2], torch.tensor(expected))
    with pytest.raises(ValueError, match=r"3 .*4"):
        sinusoids(5, 3)
