"""What only GPT and its generation promise."""

import pytest
import torch

from paperlens.models import build
from paperlens.models.language.generate import generate


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = build("gpt", "tiny").double().eval()
    for parameter in model.parameters():  # bold weights, so that tokens differ
        torch.nn.init.normal_(parameter, std=0.5)
    return model


@pytest.fixture
def prompt():
    return torch.tensor([[3, 1, 4, 1], [5, 9, 2, 6]])


def test_no_token_sees_what_follows_it(model):
    torch.manual_seed(1)
    tokens = torch.randint(50, (1, 9))
    changed = tokens.clone()
    changed[:, 5] = (changed[:, 5] + 1) % 50
    before, after = model(tokens), model(changed)
    torch.testing.assert_close(before[:, :5], after[:, :5])
    assert not torch.allclose(before[:, 5:], after[:, 5:])


@pytest.mark.parametrize("pieces", [(1,) * 9, (4, 5), (2, 1, 6)])
def test_reading_in_pieces_is_reading_at_once(model, pieces):
    torch.manual_seed(1)
    tokens = torch.randint(50, (3, 9))
    past, logits = None, []
    for piece in tokens.split(pieces, dim=1):
        some, past = model.extend(piece, past)
        logits.append(some)
    torch.testing.assert_close(torch.cat(logits, dim=1), model(tokens), rtol=1e-10, atol=1e-10)


def test_cached_and_uncached_text_are_the_same(model, prompt):
    for options in ({}, {"temperature": 0.8}, {"temperature": 1.5, "top_k": 5}):
        texts = [
            generate(model, prompt, 30, cache=c, generator=torch.Generator().manual_seed(2), **options)
            for c in (True, False)
        ]
        assert torch.equal(*texts) and texts[0].shape == (2, 34)
        assert torch.equal(texts[0][:, :4], prompt)


def test_greedy_takes_the_likeliest(model, prompt):
    text = generate(model, prompt, 10)
    assert torch.equal(text[:, 4:], model(text[:, :-1]).argmax(-1)[:, 3:])
    assert torch.equal(text, generate(model, prompt, 10, temperature=2.0, top_k=1))


def test_sampling_follows_the_model(model):
    one = torch.tensor([[7]])
    expected = (model(one)[0, 0] / 0.7).softmax(-1)
    drawn = generate(
        model, one.expand(4000, 1), 1, temperature=0.7, generator=torch.Generator().manual_seed(3)
    )
    found = torch.bincount(drawn[:, 1], minlength=50) / 4000
    assert (found - expected).abs().max() < 0.03
    best = model(one)[0, 0].topk(3)
    few = generate(
        model, one.expand(4000, 1), 1, temperature=5.0, top_k=3, generator=torch.Generator().manual_seed(3)
    )
    found = torch.bincount(few[:, 1], minlength=50) / 4000
    torch.testing.assert_close(found.sum(), found[best.indices].sum())
    expected = (best.values / 5.0).softmax(-1)
    assert (expected - best.values.softmax(-1)).abs().max() > 0.1  # another temperature would be seen
    assert (found[best.indices] - expected).abs().max() < 0.03


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ({"new_tokens": 37}, ("37", "40")),
        ({"temperature": -1.0}, ("-1.0",)),
        ({"top_k": 51}, ("51", "50")),
        ({"prompt": torch.zeros(1, 0, dtype=torch.long)}, ("0", "1")),
    ],
)
def test_what_cannot_be_is_told(model, prompt, options, numbers):
    with pytest.raises(ValueError, match=r"\d") as error:
        generate(model, **({"prompt": prompt, "new_tokens": 2} | options))
    assert all(number in str(error.value) for number in numbers)


def test_a_sequence_beyond_the_positions_is_told(model):
    with pytest.raises(ValueError, match="41 tokens exceeds max_length 40"):
        model(torch.zeros(1, 41, dtype=torch.long))
