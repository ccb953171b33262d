"""Every recipe trains, is scored and is compared with what is committed; results hold exactly their fields."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from paperlens import cli
from paperlens.data import files, photographs
from paperlens.errors import UserError
from paperlens.recipes import RECIPES, find, perform, results, study
from paperlens.recipes.engine import results as recorded
from paperlens.recipes.engine.live import live
from paperlens.recipes.engine.recipe import Recipe, thinned
from paperlens.recipes.engine.report import table, verdict
from paperlens.recipes.engine.results import committed as read_one
from paperlens.recipes.engine.results import parsed, place, written
from paperlens.recipes.engine.shipped import DEMOS, card, shipped
from paperlens.recipes.mri_contrast.slices import real_person
from paperlens.train.profiles import profile

SMOKE = profile("smoke")
REAL = tuple(name for name in RECIPES if name.startswith("phantom_real."))
MRI = ("mri_guided_loose", "mri_guided_moved", "mri_guided", "mri_unguided", "contrast_map", *REAL)
FEATURES = ("features", "features_untrained")
ABOVE = (
    "swinir",
    "edsr",
    "edsr_same_time",
    *MRI[:3],
    *FEATURES,
)  # those of phantom_real have a rule of their own
SEEDED = (*ABOVE, *REAL)  # three seeds in profile class


def find_or_skip(name: str) -> Recipe:
    """The recipe; those that read the real person are skipped where the files are not there."""
    if name in REAL and real_person() is None:
        pytest.skip("one real person's scans (CC BY-NC) lie beside the checkout only")
    return find(name)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_draws_a_batch_and_its_loss_has_gradients(name: str) -> None:
    recipe = find_or_skip(name)
    assert recipe.name == name and recipe.tolerance > 0 and recipe.plan(profile("class"), 0).seed == 0
    torch.manual_seed(0)
    network = recipe.network(SMOKE)
    batch = recipe.source(SMOKE, None)(0, torch.Generator().manual_seed(0))
    loss = recipe.objective(network, batch)
    loss.backward()
    moved = [n for n, p in network.named_parameters() if p.grad is not None and float(p.grad.abs().sum()) > 0]
    assert torch.isfinite(loss) and moved
    small = name == "swinir_init.linear" or name in MRI + FEATURES
    assert 39_000 < sum(p.numel() for p in network.parameters()) < 41_000 or small


@pytest.mark.parametrize("name", RECIPES)
def test_committed_results_are_complete_and_agree_with_the_recipe(name: str) -> None:
    recipe, committed = find(name), results(name)
    assert committed.recipe == name and committed.protocol == recipe.protocol
    assert committed.departures == list(recipe.departures) and committed.trains == recipe.trains
    assert committed.train == list(recipe.pictures("train"))
    assert committed.test == list(recipe.pictures("test")) == list(committed.baseline)
    assert name in MRI + FEATURES or committed.test == list(photographs("test")["name"])
    assert not set(committed.train) & set(committed.test) or ".real_" in name  # the person's other planes
    seeds = {run.seed for run in committed.runs if run.profile == "class"}
    assert seeds >= (set(recipe.seeds) if name in SEEDED else {0})
    for run in committed.runs:
        assert list(run.pictures) == committed.test and len(run.source_hash) == 64 and len(run.commit) == 40
        assert run.steps == recipe.plan(profile(run.profile), run.seed).steps
        assert run.seconds >= 0 and run.processor_seconds >= 0 and min(run.steps, 1) <= len(run.losses) <= 20
        assert name in FEATURES or all(
            10 < scores["psnr"] < 60 and 0 < scores["ssim"] < 1 for scores in run.pictures.values()
        )


@pytest.mark.parametrize("name", ABOVE)
def test_every_seed_exceeds_the_baseline_on_every_picture_by_the_expected_gain(name: str) -> None:
    recipe, committed = find(name), results(name)
    runs = [run for run in committed.runs if run.profile == "class"]
    for run in runs:
        if name not in FEATURES:  # one kind of pair of 48 may well fall
            assert all(run.pictures[p]["psnr"] > committed.baseline[p]["psnr"] for p in committed.test)
        assert committed.gain(run, recipe.metric) > recipe.gain


def test_smoke_is_reproduced_and_a_changed_result_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["reproduce", "swinir", "--profile", "smoke"]) == 0
    told = capsys.readouterr().out
    assert "reproduced within 0.1." in told and "NOT" not in told and "Protocol: x2" in told
    recipe, committed = find("swinir"), results("swinir").run("smoke", 0)
    assert committed is not None
    shifted = {name: {**scores, "psnr": scores["psnr"] + 0.2} for name, scores in committed.pictures.items()}
    agrees, sentence = verdict(recipe, replace(committed, pictures=shifted), committed)
    assert not agrees and "NOT reproduced within 0.1." in sentence and "the same sources" in sentence


def test_reproduce_says_what_is_not_committed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["reproduce", "swinir", "--profile", "paper", "--seed", "7"]) == 2
    assert "no result of swinir in profile paper, seed 7 is committed" in capsys.readouterr().err
    assert cli.main(["reproduce", "vgg"]) == 2
    assert "no recipe is called 'vgg'; there are swinir, edsr" in capsys.readouterr().err


def test_train_writes_network_and_result_and_resumes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = ["train", "edsr", "--profile", "smoke", "--seed", "5", "--out", str(out)]
    assert cli.main(words) == 0
    assert "| mean |" in capsys.readouterr().out
    first = json.loads((out / "result.json").read_text())
    assert first["seed"] == 5 and first["steps"] == 4
    weights = (out / "network.safetensors").read_bytes()
    assert cli.main([*words, "--resume"]) == 0
    assert (out / "network.safetensors").read_bytes() == weights
    assert json.loads((out / "result.json").read_text())["pictures"] == first["pictures"]


@pytest.mark.parametrize("seed", ["-1", str(2**70)])
def test_a_seed_that_is_none_is_told(seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "edsr", "--profile", "smoke", "--seed", seed]) == 2
    assert f"--seed {seed} must be from 0 to" in capsys.readouterr().err


def test_out_onto_a_file_is_found_before_the_first_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr("paperlens.recipes.command.perform", lambda *_, **__: pytest.fail("it trained"))
    for out in ("file", "file/inside"):
        words = ["train", "edsr", "--profile", "smoke", "--out", str(tmp_path / out)]
        assert cli.main(words) == 2
        assert "is a file; --out must be a folder" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["{}", "[]", '{"seconds": 1.0, "processor_seconds": 1.0, "plan": null}'])
def test_a_checkpoint_whose_state_is_not_one_is_told(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "edsr", "--profile", "smoke", "--out", str(tmp_path / "run")]
    assert cli.main(words) == 0
    (state,) = (tmp_path / "run").glob("step-*/state.json")
    state.write_text(content)
    assert cli.main([*words, "--resume"]) == 2
    assert "is damaged: expected state.json: " in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["none", "empty", "no low resolution"])
def test_the_papers_schedule_asks_for_its_data(
    tmp_path: Path, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    words = ["train", "swinir", "--profile", "paper", "--out", str(tmp_path / "out")]
    if folder != "none":
        words += ["--data", str(tmp_path)]
    if folder == "no low resolution":
        (tmp_path / "DIV2K_train_HR").mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / "DIV2K_train_HR" / "0001.png")
    assert cli.main(words) == 2
    expected = {
        "none": "profile paper trains on DIV2K: give its folder with --data",
        "empty": "holds 0 pictures",
        "no low resolution": "0001x2.png beside 0001.png",
    }
    assert expected[folder] in capsys.readouterr().err


def test_div2k_is_read_in_its_own_layout(tmp_path: Path) -> None:
    from PIL import Image

    from paperlens.recipes.engine.super_resolution import div2k
    from paperlens.train.schedules import fixed

    low_folder = tmp_path / "DIV2K_train_LR_bicubic" / "X2"
    (tmp_path / "DIV2K_train_HR").mkdir()
    low_folder.mkdir(parents=True)
    Image.new("RGB", (13, 10), (10, 20, 30)).save(tmp_path / "DIV2K_train_HR" / "0001.png")
    Image.new("RGB", (6, 5), (10, 20, 30)).save(low_folder / "0001x2.png")
    crops = div2k(tmp_path, 2, fixed(2, 4))
    low, high = crops(0, torch.Generator().manual_seed(0))
    assert low.shape == (2, 3, 4, 4) and high.shape == (2, 3, 8, 8)
    assert (high[0, :, 0, 0] * 255).round().tolist() == [10, 20, 30]


def test_the_papers_plan_is_the_papers() -> None:
    plan = find("swinir").plan(profile("paper"), 0)
    assert (plan.steps, plan.learning_rate, plan.betas, plan.clip) == (500_000, 2e-4, (0.9, 0.999), None)
    rates = [
        plan.learning_rate * plan.schedule(step, plan.steps) for step in (249_999, 250_000, 400_000, 499_999)
    ]
    assert rates == pytest.approx([2e-4, 1e-4, 5e-5, 1.25e-5])
    assert sum(p.numel() for p in find("edsr").network(profile("paper")).parameters()) == 1_369_859
    assert find("edsr").plan(profile("paper"), 0).steps == 300_000


@pytest.mark.parametrize("name", DEMOS)
def test_the_shipped_network_gives_its_cards_number(name: str) -> None:
    recipe = find(name)
    told, network = card(name), shipped(recipe)
    scores = recipe.score(network, SMOKE)
    assert sum(s["psnr"] for s in scores.values()) / len(scores) == pytest.approx(told["psnr"], abs=2e-3)
    committed = results(name).run("class", 0)
    assert committed is not None and told["psnr"] == pytest.approx(committed.mean(), abs=1e-4)
    assert {picture["name"] for picture in told["trained_on"]} == set(photographs("train")["name"])
    assert all(picture["licence"] for picture in told["trained_on"])
    assert files.path(f"checkpoints/{name}.safetensors").stat().st_size < 300_000


def test_a_shipped_file_that_is_not_its_cards_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    (folder / "swinir.json").write_bytes(files.path("checkpoints/swinir.json").read_bytes())
    (folder / "swinir.safetensors").write_bytes(files.path("checkpoints/edsr.safetensors").read_bytes())
    monkeypatch.setattr(files, "CHECKOUT", tmp_path)
    monkeypatch.setattr(files, "INSTALLED", tmp_path / "absent")
    with pytest.raises(UserError, match="is not the file of its card: expected sha256"):
        shipped(find("swinir"))


def test_live_training_continues_what_ships() -> None:
    recipe = find("edsr")
    network, history = live(recipe, start="checkpoint")
    fresh, from_nothing = live(recipe, start="scratch")
    assert len(history.losses) == len(from_nothing.losses) == 4
    settled, new = (recipe.score(net, SMOKE) for net in (network, fresh))
    assert all(settled[name]["psnr"] > new[name]["psnr"] + 0.5 for name in settled)
    again, _ = live(recipe, start="checkpoint")
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))
    with pytest.raises(ValueError, match="start must be one of"):
        live(recipe, start="middle")


def test_live_training_stops_by_the_clock_and_leaves_the_threads_as_they_were() -> None:
    before = torch.get_num_threads()
    _, history = live(find("edsr"), steps=500, seconds=0.0)
    assert len(history.losses) == 1 and torch.get_num_threads() == before


def test_results_hold_exactly_their_fields(tmp_path: Path) -> None:
    file, module = files.path(place(study("swinir"))), study("swinir")
    assert written(module, parsed(file)) == file.read_text()
    spoiled = tmp_path / "against_edsr.json"
    for change in ({"extra": 1}, {"runs": [{"profile": "class"}]}, {"runs": None}):
        content = json.loads(file.read_text())
        content["results"][0] |= change
        spoiled.write_text(json.dumps(content))
        with pytest.raises(UserError, match="is no results file"):
            parsed(spoiled)
    spoiled.write_text("{")
    with pytest.raises(UserError, match="is no results file"):
        parsed(spoiled)
    with pytest.raises(UserError, match="holds no result of hat; paperlens reproduce hat --record"):
        read_one(module, "hat")


def test_recording_replaces_one_run_and_keeps_the_others(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(recorded, "root", lambda: tmp_path)
    module, order, one = study("swinir"), ["swinir", "edsr"], results("swinir")
    file = tmp_path / place(module)
    recorded.record(module, order, results("edsr"))
    recorded.record(module, order, replace(one, runs=one.runs[:1]))
    recorded.record(module, order, replace(one, runs=[replace(one.runs[1], steps=7)]))
    recorded.record(module, order, replace(one, runs=[one.runs[1]]))
    swinir, edsr = parsed(file)
    assert swinir.runs == one.runs[:2] and edsr == results("edsr")


def test_every_results_file_is_a_studys_and_every_study_has_one() -> None:
    folder = files.path("results/recipes")
    found = {file.relative_to(files.root()).as_posix() for file in folder.rglob("*.json")}
    assert found == {place(module) for module in RECIPES.values()}


def test_a_curve_is_thinned_to_means() -> None:
    assert thinned([1.0, 3.0, 5.0, 7.0], parts=2) == [2.0, 6.0]
    assert thinned([1.0, 2.0], parts=20) == [1.0, 2.0]
    assert thinned([]) == []


def test_the_table_shows_every_picture_beside_the_baseline() -> None:
    recipe = find("swinir")
    lines = table(recipe, recipe.score(None, SMOKE), SMOKE).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:-1]] == [*photographs("test")["name"], "mean"]
    assert all("+0.00" in line or "-0.00" in line for line in lines[2:-1])


def test_two_performances_of_one_seed_are_one_result() -> None:
    recipe = find("edsr")
    one, two = (perform(recipe, SMOKE, 1)[1] for _ in range(2))
    assert one.pictures == two.pictures and one.losses == two.losses
    assert (one.parameters, one.device, one.torch) == (two.parameters, two.device, two.torch)


@pytest.mark.parametrize("name", DEMOS)
def test_the_demo_is_the_shipped_network_and_small(name: str) -> None:
    import hashlib

    import onnxruntime

    file = files.path(f"demos/{name}.onnx")
    told = json.loads(file.with_suffix(".json").read_text())
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert told["checkpoint_sha256"] == card(name)["sha256"]
    assert told["bytes"] == file.stat().st_size < 300_000
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options)
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    (restored,) = session.run(None, {"image": image.numpy()})
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(restored), shipped(find(name))(image), rtol=0, atol=1e-5)
