"""What only ViT promises."""

import torch
from einops import rearrange

from paperlens.models import build


def test_attention_against_a_loop():
    torch.manual_seed(0)
    attention = build("vit", "tiny").blocks[0].attention.double()
    tokens = torch.randn(1, 5, 64, dtype=torch.float64)
    q, k, v = attention.qkv(tokens)[0].chunk(3, dim=-1)
    heads = []
    for h in range(2):
        part = slice(32 * h, 32 * h + 32)
        for i in range(5):
            logit = torch.stack([(q[i, part] * k[j, part]).sum() / 32**0.5 for j in range(5)])
            weight = logit.exp() / logit.exp().sum()
            heads.append(sum(weight[j] * v[j, part] for j in range(5)))
    joined = rearrange(torch.stack(heads), "(h i) d -> i (h d)", h=2)
    torch.testing.assert_close(attention(tokens)[0], attention.projection(joined))


def test_only_positions_tell_patches_apart():
    torch.manual_seed(0)
    model = build("vit", "tiny").eval().double()
    torch.nn.init.normal_(model.pos_embed)
    image = torch.rand(1, 3, 32, 32).double()
    swapped = image.clone()
    swapped[..., :4, :4], swapped[..., 8:12, 20:24] = image[..., 8:12, 20:24], image[..., :4, :4]
    assert (model(swapped) - model(image)).abs().max() > 1e-6
    order = torch.arange(65)
    order[[1, 1 + 2 * 8 + 5]] = order[[1 + 2 * 8 + 5, 1]]
    with torch.no_grad():
        before = model(image)
        model.pos_embed.copy_(model.pos_embed[:, order])
        torch.testing.assert_close(model(swapped), before)
