"""The loop: one seed is one run, however often it is interrupted, saved, resumed or shared between processes."""

import json
import os
import signal
from pathlib import Path

import pytest
import torch
from tiny_training import network, objective, plan, same, source
from torch import Tensor, nn

import paperlens.train.loop as loop_module
from paperlens.errors import UserError
from paperlens.train import checkpoint
from paperlens.train.crops import Batch
from paperlens.train.loop import train
from paperlens.train.plan import History


def test_the_loop_fits_on_three_screens() -> None:
    assert len(Path(loop_module.__file__).read_text().splitlines()) <= 150


def test_it_learns() -> None:
    history = train(network(), source(), objective, plan(60, learning_rate=2e-2))
    assert len(history.losses) == 60
    assert sum(history.losses[-10:]) < 0.7 * sum(history.losses[:10])
    assert history.processor_seconds > 0 and history.seconds > 0


def test_two_runs_of_one_seed_are_identical_and_another_seed_is_not() -> None:
    nets = [network() for _ in range(3)]
    curves = [
        train(net, source(), objective, plan(seed=seed)).losses
        for net, seed in zip(nets, (3, 3, 4), strict=True)
    ]
    assert curves[0] == curves[1] and same(nets[0], nets[1])
    assert curves[0] != curves[2]


def test_every_step_draws_other_crops_and_other_dropout() -> None:
    seen, noise = list[float](), list[float]()

    def noted(model: nn.Module, batch: Batch) -> Tensor:
        seen.append(float(batch[0].double().sum()))
        noise.append(float(torch.rand(())))
        return objective(model, batch)

    train(network(), source(), noted, plan(8))
    assert len(set(seen)) == 8 and len(set(noise)) == 8


def interrupt_at(step: int) -> loop_module.Objective:
    """The usual objective, with Ctrl-C in the middle of one step."""
    count = iter(range(1, 1000))

    def interrupted(model: nn.Module, batch: Batch) -> Tensor:
        if next(count) == step:
            os.kill(os.getpid(), signal.SIGINT)
        return objective(model, batch)

    return interrupted


@pytest.mark.parametrize("precision", ["no", "bf16"])
@pytest.mark.parametrize("stop", [1, 7, 10])
def test_interrupted_saved_and_resumed_is_the_same_run(
    tmp_path: Path, stop: int, precision: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, part = network(), network()
    chosen = plan(precision=precision)
    expected = train(whole, source(), objective, chosen)
    with pytest.raises(KeyboardInterrupt):
        train(part, source(), interrupt_at(stop), chosen, folder=tmp_path)
    assert f"Stopped after step {stop} of 12" in "".join(capsys.readouterr())
    found = checkpoint.newest(tmp_path)
    assert found is not None and found.name == f"step-{stop:08d}"
    torch.manual_seed(99)  # what the process did in between must not matter
    fresh = network()
    for parameter in fresh.parameters():
        nn.init.zeros_(parameter)
    resumed = train(fresh, source(), objective, chosen, folder=tmp_path, resume=True)
    assert resumed.losses == expected.losses
    assert same(fresh, whole)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    def twice(model: nn.Module, batch: Batch) -> Tensor:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return objective(model, batch)

    with pytest.raises(KeyboardInterrupt):
        train(network(), source(), twice, plan(), folder=tmp_path)
    assert checkpoint.newest(tmp_path) is None


def test_resuming_another_plan_or_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no checkpoint"):
        train(network(), source(), objective, plan(), folder=tmp_path, resume=True)
    train(network(), source(), objective, plan(), folder=tmp_path)
    with pytest.raises(UserError, match=r"learning_rate was 0\.002, now 0\.001; average was 0\.9, now None"):
        changed = plan(learning_rate=1e-3, average=None, save_every=7)
        train(network(), source(), objective, changed, folder=tmp_path, resume=True)
    finished = train(network(), source(), objective, plan(save_every=7), folder=tmp_path, resume=True)
    assert len(finished.losses) == 12


def test_a_loss_that_is_not_finite_stops_with_a_sentence_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    count = iter(range(100))

    def broken(model: nn.Module, batch: Batch) -> Tensor:
        value = objective(model, batch)
        return value * float("nan") if next(count) == 7 else value

    with pytest.raises(UserError, match=r"the loss is nan at step 7 with learning rate .*: lower the rate"):
        train(network(), source(), broken, plan(), folder=tmp_path)
    found = checkpoint.newest(tmp_path)
    assert found is not None and found.name == "step-00000005"


@pytest.mark.parametrize("told", ["CUDA out of memory", "DefaultCPUAllocator: can't allocate memory"])
def test_exhausted_memory_says_what_to_change(told: str) -> None:
    def exhausted(model: nn.Module, batch: Batch) -> Tensor:
        raise RuntimeError(told)

    with pytest.raises(UserError, match="batch of 4x3x8x8 and 4x3x16x16: use a batch of 2"):
        train(network(), source(), exhausted, plan())


def test_another_error_keeps_its_own_words() -> None:
    def wrong(model: nn.Module, batch: Batch) -> Tensor:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        train(network(), source(), wrong, plan())


def test_the_gradient_is_clipped() -> None:
    """One step of AdamW hides the gradient's size; its first moment does not."""
    seen: list[float] = []

    class Norms(History):
        pass

    net = network()
    handle = net[0].weight.register_hook(lambda gradient: seen.append(float(gradient.norm())))  # type: ignore[index,union-attr]

    def large(model: nn.Module, batch: Batch) -> Tensor:
        return 1e4 * objective(model, batch)

    captured: list[float] = []
    original = torch.optim.AdamW.step

    def step(self: torch.optim.AdamW, closure: None = None) -> None:
        gradients = [
            p.grad.norm() for group in self.param_groups for p in group["params"] if p.grad is not None
        ]
        captured.append(float(torch.stack(gradients).norm()))
        original(self, closure)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step)
        train(net, source(), large, plan(3, clip=0.5))
    handle.remove()
    assert min(seen) > 1 and max(captured) == pytest.approx(0.5, rel=1e-3)


def test_the_optimizer_gets_the_schedules_rate() -> None:
    rates: list[float] = []
    original = torch.optim.AdamW.step

    def step(self: torch.optim.AdamW, closure: None = None) -> None:
        rates.extend(group["lr"] for group in self.param_groups)
        original(self, closure)

    chosen = plan(6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step)
        train(network(), source(), objective, chosen)
    assert rates == [chosen.learning_rate * chosen.schedule(index, 6) for index in range(6)]


def test_the_average_is_the_running_mean_of_the_weights() -> None:
    """Written out by hand: decay min(0.9, (1 + n) / (10 + n)), from the weights after the first step on."""
    raw: list[Tensor] = []
    net = network()

    def noted(model: nn.Module, batch: Batch) -> Tensor:
        raw.append(net[0].weight.detach().clone())  # type: ignore[index,union-attr]
        return objective(model, batch)

    train(net, source(), noted, plan(6, average=None))
    raw.append(net[0].weight.detach().clone())  # type: ignore[index,union-attr]
    expected = raw[1]
    for n, weight in enumerate(raw[2:], start=1):
        decay = min(0.9, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay) * weight
    averaged = network()
    train(averaged, source(), objective, plan(6, average=0.9))
    torch.testing.assert_close(averaged[0].weight.detach(), expected)  # type: ignore[index,union-attr]


def test_watch_and_tensorboard_follow_the_losses(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    seen: list[int] = []
    history = train(
        network(),
        source(),
        objective,
        plan(),
        folder=tmp_path,
        tensorboard=True,
        watch=lambda so_far: seen.append(len(so_far.losses)),
    )
    assert seen == [2, 4, 5, 6, 8, 10, 12]
    events = EventAccumulator(str(tmp_path / "events"))
    events.Reload()
    logged = {event.step: event.value for event in events.Scalars("loss")}
    assert logged[12] == pytest.approx(sum(history.losses[-2:]) / 2, rel=1e-5)
    rates = {event.step: event.value for event in events.Scalars("learning_rate")}
    assert set(rates) == set(seen)
    chosen = plan()
    for done, rate in rates.items():
        assert rate == pytest.approx(chosen.learning_rate * chosen.schedule(done - 1, chosen.steps), rel=1e-5)


def test_a_checkpoint_says_what_it_is(tmp_path: Path) -> None:
    train(network(), source(), objective, plan(), folder=tmp_path)
    state = json.loads((tmp_path / "step-00000012" / "state.json").read_text())
    assert state["step"] == 12 and state["plan"]["schedule"] == "WarmupCosine(warmup=3, floor=0.0)"
    names = sorted(file.name for file in (tmp_path / "step-00000012").iterdir())
    assert names == ["average.safetensors", "optimizer.pt", "state.json", "weights.safetensors"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["step-00000012"]
