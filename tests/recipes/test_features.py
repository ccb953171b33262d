"""The shipped feature network, the tasks it learned from, and the test that it was held to."""

import dataclasses
import json
import math
from statistics import mean

import pytest
import torch

from paperlens import losses
from paperlens.data import brain, files, path, photographs, to_tensor
from paperlens.errors import UserError
from paperlens.physics.blur import blur, gaussian_kernel
from paperlens.recipes import features, features_ranking, features_tasks
from paperlens.recipes.efficient.feature_network import DIMS, FeatureNetwork, feature_network
from paperlens.recipes.engine.shipped import card


@pytest.fixture(scope="module")
def result() -> dict:
    return json.loads(path("results/features.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def one_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice instead of forty-eight, so that no test waits for the phantom."""
    few = {"slice": brain("T1", 30)[None, None].expand(1, 3, -1, -1)}
    for module in (features_tasks, features_ranking):
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


@pytest.mark.parametrize("kind", features_tasks.KINDS)
def test_more_damage_is_further_away(kind: str) -> None:
    crop, found = held_out(), [0.0]
    for strength in (0.0, 0.35, 0.7, 1.0):
        damaged = features_tasks.damaged(crop, kind, strength, torch.Generator().manual_seed(0))
        found.append(losses.perceptual(damaged, crop, feature_network()).item())
    assert found == sorted(found) and len(set(found)) == len(found)


def test_calibration_makes_the_means_one() -> None:
    torch.manual_seed(0)
    network, images = FeatureNetwork(), torch.rand(4, 3, 24, 24)
    network.calibrate(images)
    assert [m.mean().item() for m in network(images)] == pytest.approx([1.0] * 4, rel=1e-5)


def test_committed_training_made_a_better_distance(result) -> None:
    assert [run["seed"] for run in result["runs"]] == list(features.SEEDS)
    assert {run["steps"] for run in result["runs"]} == {features.STEPS}
    for group in features.GROUPS:
        trained, untrained = (
            mean(run[which][group] for run in result["runs"]) for which in ("trained", "untrained")
        )
        assert trained > untrained + 0.05, group
        assert trained > result["without features"]["L1"][group] + 0.05, group
    assert all(run["trained"]["all pairs"] > run["untrained"]["all pairs"] for run in result["runs"])
    assert all(run["processor_seconds"] < 240 for run in result["runs"])
    first = result["runs"][0]
    told = card("features")
    assert (told["right"], told["commit"]) == (first["trained"]["all pairs"], first["commit"])


@pytest.mark.verify
def test_the_shipped_network_gives_the_committed_verdicts(monkeypatch: pytest.MonkeyPatch, result) -> None:
    monkeypatch.undo()  # all slices
    over = features.tested()
    assert features.score(feature_network(), over)["all pairs"] == pytest.approx(
        result["runs"][0]["trained"]["all pairs"], abs=0.02
    )


def test_a_batch_shows_each_place_twice_and_says_what_was_done() -> None:
    source = features_tasks.Crops()
    crops, kinds = source(3, torch.Generator().manual_seed(0))
    assert crops.shape == (2 * features_tasks.PLACES, 3, 48, 48) and crops.min() >= 0 and crops.max() <= 1
    assert set(kinds.tolist()) <= set(range(9)) and len(set(kinds.tolist())) > 4
    again, _ = source(4, torch.Generator().manual_seed(0))
    assert torch.equal(crops, again)
    flat = blur(crops, gaussian_kernel(13, 2.5)).flatten(1)
    alike = torch.corrcoef(flat)[: features_tasks.PLACES, features_tasks.PLACES :]
    assert (alike.argmax(1) == torch.arange(features_tasks.PLACES)).double().mean() > 0.8


def test_only_training_pictures_are_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(features_tasks.pictures("train")) == set(photographs("train", kind=None)["name"])
    assert not set(features_tasks.pictures("train")) & set(features_tasks.pictures("test"))
    asked = []
    for name in ("pictures", "brains"):
        monkeypatch.setattr(features_tasks, name, lambda split: asked.append(split) or {})
    features_tasks.Crops()
    assert asked == ["train", "train"]


def test_same_place_against_a_slow_loop() -> None:
    vectors = torch.nn.functional.normalize(
        torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), dim=1
    )
    total = 0.0
    for i in range(6):
        scores = {j: float(vectors[i] @ vectors[j]) / features_tasks.TEMPERATURE for j in range(6) if j != i}
        total -= scores[(i + 3) % 6] - math.log(sum(map(math.exp, scores.values())))
    assert features_tasks.same_place(vectors).item() == pytest.approx(total / 6, rel=1e-5)


@pytest.mark.parametrize("change", features_ranking.LIMITS)
def test_a_change_is_matched_in_error(change: str) -> None:
    crop = held_out()
    better = features_ranking.matched(crop, change, 3e-4, -1.0, 5)
    assert better is not None
    assert (better - crop).square().mean().item() == pytest.approx(3e-4, rel=0.02)
    assert features_ranking.matched(crop, change, 0.5, 1.0, 5) is None


def test_pairs_have_equal_error_and_are_the_seeds() -> None:
    made = features_ranking.pairs(("noise", "ringing"), ("shift", "gamma"), 2)
    assert [(p.damage, p.change) for p in made] == [
        (d, c) for d in ("noise", "ringing") for c in ("shift", "gamma") for _ in range(2)
    ]
    for pair in made:
        errors = [(x - pair.crop).square().mean().item() for x in (pair.worse, pair.better)]
        assert errors[1] == pytest.approx(errors[0], rel=0.02)
    again = features_ranking.pairs(("noise", "ringing"), ("shift", "gamma"), 2)
    assert all(torch.equal(a.better, b.better) for a, b in zip(made, again, strict=True))


@pytest.mark.parametrize("kind", features_ranking.TRAINED_DAMAGES + features_ranking.NEW_DAMAGES)
def test_every_damage_damages(kind: str) -> None:
    spoiled = features_ranking.spoiled(held_out(), kind, torch.Generator().manual_seed(0))
    assert spoiled.min() >= 0 and spoiled.max() <= 1 and not torch.equal(spoiled, held_out())


def test_verdicts_and_their_shares() -> None:
    pair = features_ranking.Pair(
        damage="noise", change="warp", crop=torch.zeros(1, 3, 4, 4), worse=torch.ones(1, 3, 4, 4),
        better=torch.full((1, 3, 4, 4), 0.5),
    )  # fmt: skip
    assert features_ranking.right(losses.l1, [pair]) == [1.0]
    assert features_ranking.right(lambda x, y: -losses.l1(x, y), [pair]) == [0.0]
    assert features_ranking.right(lambda x, y: losses.l1(x, x), [pair]) == [0.5]
    every = [
        dataclasses.replace(pair, damage=damage, change=change)
        for damage in features.TRAINED_DAMAGES + features.NEW_DAMAGES
        for change in features.TRAINED_CHANGES + features.NEW_CHANGES
    ]
    found = features.shares([float(p.change == "shift") for p in every], every)
    assert found["all pairs"] == pytest.approx(1 / 6, abs=1e-3) and found["noise"] == found["all pairs"]
    assert (found["shift"], found["warp"], found["neither met in training"]) == (1.0, 0.0, 0.0)
    assert found["damage and change met in training"] == pytest.approx(1 / 3, abs=1e-3)


def test_two_runs_of_one_seed_are_identical(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "score", lambda network, over: {})
    (one, told), (other, _) = (features.run(0, [], steps=2) for _ in range(2))
    assert all(
        torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )
    assert told["steps"] == 2 and told["parameters"] == 210_512
    different, _ = features.run(1, [], steps=2)
    assert not torch.equal(different.stages[0][0].weight, one.stages[0][0].weight)
