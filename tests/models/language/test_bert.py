"""What only BERT promises."""

import json
from pathlib import Path

import pytest
import torch

from paperlens.models import build, count, published

GOLDEN = Path(__file__).parents[2] / "fidelity/golden/bert_base_uncased.json"


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


def test_the_pretraining_form_has_the_names_of_the_converted_checkpoints():
    """The encoder's under `bert.`, and those of the heads (transformers' BertForPreTraining)."""
    names = {s.name for s in published.published_slots(count.on_meta("bert_pretraining", "base"))}
    encoder = {f"bert.{name}" for name, *_ in json.loads(GOLDEN.read_text("utf-8"))["state"]}
    head = {"bias", "decoder.weight", "decoder.bias"}
    head |= {f"transform.{layer}.{kind}" for layer in ("dense", "LayerNorm") for kind in ("weight", "bias")}
    sentence = {"cls.seq_relationship.weight", "cls.seq_relationship.bias"}
    assert names == encoder | {f"cls.predictions.{name}" for name in head} | sentence
