"""The shipped feature network, the tasks it learned from, and the test that it was held to."""

import dataclasses
import math
from statistics import mean

import pytest
import torch

from paperlens import losses
from paperlens.data import brain, files, path, photographs, to_tensor
from paperlens.errors import UserError
from paperlens.physics.blur import blur, gaussian_kernel
from paperlens.recipes import find, results
from paperlens.recipes.efficient import feature_ranking, feature_tasks, features
from paperlens.recipes.efficient.feature_network import DIMS, FeatureNetwork, feature_network
from paperlens.recipes.engine.recipe import perform
from paperlens.recipes.engine.results import mean as shares_mean
from paperlens.recipes.engine.shipped import card
from paperlens.train.profiles import profile


@pytest.fixture(autouse=True)
def one_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice instead of forty-eight, so that no test waits for the phantom."""
    few = {"slice": brain("T1", 30)[None, None].expand(1, 3, -1, -1)}
    for module in (feature_tasks, feature_ranking):
        monkeypatch.setattr(module, "brains", lambda split: few)


def held_out(side: int = 64) -> torch.Tensor:
    image = to_tensor(photographs("test")[0]["image"])[None]
    return image[..., 100 : 100 + side, 160 : 160 + side]


def test_the_shipped_network_is_its_cards_small_and_frozen() -> None:
    network = feature_network()
    assert sum(p.numel() for p in network.parameters()) == card("features")["parameters"] == 210_512
    assert path("checkpoints/features.safetensors").stat().st_size < 1_000_000
    assert not network.training and not any(p.requires_grad for p in network.parameters())
    assert {one["name"] for one in card("features")["trained_on"]} >= set(
        photographs("train", kind=None)["name"]
    )


def test_another_file_than_the_cards_is_refused(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "checkpoints").mkdir()
    for name in ("features.json", "features.safetensors"):
        content = path(f"checkpoints/{name}").read_bytes()
        (tmp_path / "checkpoints" / name).write_bytes(
            content if name.endswith("json") else content[:-4] + bytes(4)
        )
    monkeypatch.setattr(files, "CHECKOUT", tmp_path)
    monkeypatch.setattr(files, "INSTALLED", tmp_path / "absent")
    with pytest.raises(UserError, match="is not the file of its card: expected sha256"):
        feature_network.__wrapped__()


def test_loaded_twice_it_says_the_same() -> None:
    image = held_out()
    again = feature_network.__wrapped__()
    for one, other in zip(feature_network()(image), again(image), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("size", [(8, 8), (17, 30)])
def test_a_map_a_stage(size: tuple[int, int]) -> None:
    maps = feature_network()(torch.rand(2, 3, *size))
    assert [tuple(m.shape) for m in maps] == [
        (2, dim, size[0] >> i, size[1] >> i) for i, dim in enumerate(DIMS)
    ]
    assert all((m >= 0).all() for m in maps)
    with pytest.raises(ValueError, match=r"at least 8, found \(7, 9\)"):
        feature_network()(torch.rand(1, 3, 7, 9))


@pytest.mark.parametrize("loss", [losses.perceptual, losses.texture])
def test_as_a_loss(loss) -> None:
    network, target = feature_network(), held_out()
    same = target.clone().requires_grad_()
    at_equality = loss(same, target, network)
    at_equality.backward()
    assert at_equality.item() == 0 and torch.isfinite(same.grad).all()
    prediction = blur(target, gaussian_kernel(7, 1.0)).requires_grad_()
    loss(prediction, target, network).backward()
    assert (prediction.grad != 0).double().mean() > 0.99
    assert all(p.grad is None for p in network.parameters())


def test_descending_the_loss_sharpens_a_blurred_picture() -> None:
    network, target = feature_network(), held_out(32)
    picture = blur(target, gaussian_kernel(7, 1.2)).requires_grad_()
    before = losses.l1(picture, target).item()
    optimizer = torch.optim.Adam([picture], lr=0.01)
    for _ in range(40):
        optimizer.zero_grad()
        losses.perceptual(picture, target, network).backward()
        optimizer.step()
    assert losses.l1(picture, target).item() < 0.8 * before


@pytest.mark.parametrize("kind", feature_tasks.KINDS)
def test_more_damage_is_further_away(kind: str) -> None:
    crop, found = held_out(), [0.0]
    for strength in (0.0, 0.35, 0.7, 1.0):
        damaged = feature_tasks.damaged(crop, kind, strength, torch.Generator().manual_seed(0))
        found.append(losses.perceptual(damaged, crop, feature_network()).item())
    assert found == sorted(found) and len(set(found)) == len(found)


def test_calibration_makes_the_means_one() -> None:
    torch.manual_seed(0)
    network, images = FeatureNetwork(), torch.rand(4, 3, 24, 24)
    network.calibrate(images)
    assert [m.mean().item() for m in network(images)] == pytest.approx([1.0] * 4, rel=1e-5)


def test_committed_training_made_a_better_distance() -> None:
    trained, untrained = results("features"), results("features_untrained")
    for kinds in features.GROUPS.values():
        before, after = (mean(run.mean("right", kinds) for run in one.runs) for one in (untrained, trained))
        assert after > before + 0.05, kinds
        assert after > shares_mean(trained.baseline, "right", kinds) + 0.05, kinds
    for start, end in zip(untrained.runs, trained.runs, strict=True):
        assert end.seed == start.seed and end.mean("right") > start.mean("right")
    assert all(run.processor_seconds < 240 for run in trained.runs)
    first, told = trained.runs[0], card("features")
    assert (told["right"], told["commit"]) == (pytest.approx(first.mean("right"), abs=1e-4), first.commit)


@pytest.mark.verify
def test_the_shipped_network_gives_the_committed_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # all slices
    found = features.score(feature_network(), profile("class"))
    first = results("features").run("class", 0)
    assert shares_mean(found, "right") == pytest.approx(first.mean("right"), abs=0.02)


def test_a_batch_shows_each_place_twice_and_says_what_was_done() -> None:
    source = feature_tasks.Crops()
    crops, kinds = source(3, torch.Generator().manual_seed(0))
    assert crops.shape == (2 * feature_tasks.PLACES, 3, 48, 48) and crops.min() >= 0 and crops.max() <= 1
    assert set(kinds.tolist()) <= set(range(9)) and len(set(kinds.tolist())) > 4
    again, _ = source(4, torch.Generator().manual_seed(0))
    assert torch.equal(crops, again)
    flat = blur(crops, gaussian_kernel(13, 2.5)).flatten(1)
    alike = torch.corrcoef(flat)[: feature_tasks.PLACES, feature_tasks.PLACES :]
    assert (alike.argmax(1) == torch.arange(feature_tasks.PLACES)).double().mean() > 0.8


def test_only_training_pictures_are_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(feature_tasks.pictures("train")) == set(photographs("train", kind=None)["name"])
    assert not set(feature_tasks.pictures("train")) & set(feature_tasks.pictures("test"))
    asked = []
    for name in ("pictures", "brains"):
        monkeypatch.setattr(feature_tasks, name, lambda split: asked.append(split) or {})
    feature_tasks.Crops()
    assert asked == ["train", "train"]


def test_same_place_against_a_slow_loop() -> None:
    vectors = torch.nn.functional.normalize(
        torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), dim=1
    )
    total = 0.0
    for i in range(6):
        scores = {j: float(vectors[i] @ vectors[j]) / feature_tasks.TEMPERATURE for j in range(6) if j != i}
        total -= scores[(i + 3) % 6] - math.log(sum(map(math.exp, scores.values())))
    assert feature_tasks.same_place(vectors).item() == pytest.approx(total / 6, rel=1e-5)


@pytest.mark.parametrize("change", feature_ranking.LIMITS)
def test_a_change_is_matched_in_error(change: str) -> None:
    crop = held_out()
    better = feature_ranking.matched(crop, change, 3e-4, -1.0, 5)
    assert better is not None
    assert (better - crop).square().mean().item() == pytest.approx(3e-4, rel=0.02)
    assert feature_ranking.matched(crop, change, 0.5, 1.0, 5) is None


def test_pairs_have_equal_error_and_are_the_seeds() -> None:
    made = feature_ranking.pairs(("noise", "ringing"), ("shift", "gamma"), 2)
    assert [(p.damage, p.change) for p in made] == [
        (d, c) for d in ("noise", "ringing") for c in ("shift", "gamma") for _ in range(2)
    ]
    for pair in made:
        errors = [(x - pair.crop).square().mean().item() for x in (pair.worse, pair.better)]
        assert errors[1] == pytest.approx(errors[0], rel=0.02)
    again = feature_ranking.pairs(("noise", "ringing"), ("shift", "gamma"), 2)
    assert all(torch.equal(a.better, b.better) for a, b in zip(made, again, strict=True))


@pytest.mark.parametrize("kind", feature_ranking.TRAINED_DAMAGES + feature_ranking.NEW_DAMAGES)
def test_every_damage_damages(kind: str) -> None:
    spoiled = feature_ranking.spoiled(held_out(), kind, torch.Generator().manual_seed(0))
    assert spoiled.min() >= 0 and spoiled.max() <= 1 and not torch.equal(spoiled, held_out())


def test_verdicts_and_their_shares() -> None:
    pair = feature_ranking.Pair(
        damage="noise", change="warp", crop=torch.zeros(1, 3, 4, 4), worse=torch.ones(1, 3, 4, 4),
        better=torch.full((1, 3, 4, 4), 0.5),
    )  # fmt: skip
    assert feature_ranking.right(losses.l1, [pair]) == [1.0]
    assert feature_ranking.right(lambda x, y: -losses.l1(x, y), [pair]) == [0.0]
    assert feature_ranking.right(lambda x, y: losses.l1(x, x), [pair]) == [0.5]
    others = [pair, dataclasses.replace(pair, change="shift", better=torch.full((1, 3, 4, 4), 2.0)), pair]
    assert features.shares(losses.l1, others) == {"noise against warp": 1.0, "noise against shift": 0.0}


def test_groups_hold_what_their_names_say() -> None:
    assert len(features.KINDS) == len(set(features.KINDS)) == 48
    met, new = (
        features.GROUPS["damage and change met in training"],
        features.GROUPS["neither met in training"],
    )
    assert "jpeg against shift" in met and "ringing against warp" in new and not set(met) & set(new)
    assert set(results("features").baseline) == set(features.GROUPS["all pairs"])


def test_two_runs_of_one_seed_are_identical_and_leave_the_trunk_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = dataclasses.replace(find("features"), score=lambda network, chosen: {})
    (one, told), (other, _) = (perform(alone, profile("smoke"), 0) for _ in range(2))
    assert isinstance(one, FeatureNetwork) and one.scale.tolist() != [1.0] * 4
    assert all(
        torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )
    assert told.steps == 2 and told.parameters == 210_512
    different, _ = perform(alone, profile("smoke"), 1)
    assert not torch.equal(different.stages[0][0].weight, one.stages[0][0].weight)
