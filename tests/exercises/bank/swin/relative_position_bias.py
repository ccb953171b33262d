"""Answers as students write them."""

import torch


def published(table, window_size):
    m = window_size
    coords = torch.stack(torch.meshgrid(torch.arange(m), torch.arange(m), indexing="ij")).flatten(1)
    relative = (coords[:, :, None] - coords[:, None, :]).permute(1, 2, 0).contiguous()
    relative += m - 1
    relative[..., 0] *= 2 * m - 1
    bias = table[relative.sum(-1).view(-1)].view(m * m, m * m, -1)
    return bias.permute(2, 0, 1).contiguous()


def grid(table, m):
    t = table.T.reshape(-1, 2 * m - 1, 2 * m - 1)
    out = [t[:, y : y + m, x : x + m].flip(1, 2).flatten(1) for y in range(m) for x in range(m)]
    return torch.stack(out, 1)


def one_hot(table, m):
    i = torch.arange(m * m)
    dy, dx = (i // m)[:, None] - i // m, (i % m)[:, None] - i % m
    index = dy * (2 * m - 1) + dx + 2 * m * (m - 1)
    hot = torch.nn.functional.one_hot(index, len(table)).to(table.dtype)
    return torch.einsum("qkt,th->hqk", hot, table)


CORRECT = {"published": published, "grid": grid, "one hot": one_hot}
WRONG = {
    "not permuted": lambda table, m: published(table, m).permute(1, 2, 0),
    "table reversed": lambda table, m: published(table.flip(0), m),
    "heads reversed": lambda table, m: published(table, m).flip(0),
    "columns of a meshgrid": lambda table, m: published(
        table.T.reshape(-1, 2 * m - 1, 2 * m - 1).mT.flatten(1).T, m
    ),
    "first row of the table": lambda table, m: table[: m * m].T[:, None].expand(-1, m * m, -1),
    "absolute": lambda table, m: table[torch.arange(m * m)[:, None].expand(-1, m * m)].permute(2, 0, 1),
    "one head": lambda table, m: published(table.mean(1, keepdim=True), m).expand(table.shape[1], -1, -1),
    "single": lambda table, m: published(table.float(), m).to(table.dtype),
    "one window too large": lambda table, m: published(table, m + 1),
}
SIBLING_CORRECT = {
    "index": lambda t, m: torch.stack([t[m - 1 - q : 2 * m - 1 - q].T for q in range(m)], 1),
    "unfold": lambda t, m: t.T.unfold(1, m, 1).flip(1).contiguous(),
    "loop": lambda t, m: torch.stack(
        [torch.stack([t[k - q + m - 1] for k in range(m)]) for q in range(m)]
    ).permute(2, 0, 1),
}
SIBLING_WRONG = {
    "distance": lambda t, m: t[(torch.arange(m) - torch.arange(m)[:, None]).abs() + m - 1].permute(2, 0, 1),
    "absolute": lambda t, m: t[:m].T[:, None].expand(-1, m, -1),
    "heads last": lambda t, m: t[torch.arange(m) - torch.arange(m)[:, None] + m - 1],
}
