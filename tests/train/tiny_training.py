"""A network that trains in milliseconds, with dropout, so that a wrong random state would show."""

import torch
from torch import Tensor, nn

from paperlens.train.crops import Crops
from paperlens.train.loop import supervised
from paperlens.train.plan import Plan
from paperlens.train.schedules import WarmupCosine, fixed


def network(width: int = 4, dropout: float = 0.2) -> nn.Module:
    torch.manual_seed(5)
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1), nn.Dropout(dropout), nn.Conv2d(width, 12, 1), nn.PixelShuffle(2)
    )


def source(batch: int = 4, patch: int = 8) -> Crops:
    generator = torch.Generator().manual_seed(1)
    high = [
        torch.randint(0, 256, (3, *size), generator=generator, dtype=torch.uint8)
        for size in ((40, 56), (64, 32))
    ]
    low = [picture[:, ::2, ::2].contiguous() for picture in high]
    return Crops(low_res=low, high_res=high, scale=2, sizes=fixed(batch, patch))


def loss(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction - target).abs().mean()


objective = supervised(loss)


def plan(steps: int = 12, **changes: object) -> Plan:
    given = {
        "schedule": WarmupCosine(warmup=3),
        "average": 0.9,
        "save_every": 5,
        "report_every": 2,
        "seed": 3,
    }
    return Plan(steps=steps, **(given | changes))  # type: ignore[arg-type]


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
    return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)
