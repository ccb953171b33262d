"""The training loop, on Hugging Face Accelerate: one processor, one graphics card or many run the same lines.

    for each step:  draw a batch -> loss -> gradients -> clip -> optimizer -> running average -> report, save

Every step draws its randomness from generators seeded by (seed, step), and the learning rate is a function of
the step. So a run resumed at step n continues as if it had never stopped, and two runs of one seed are the
same bit for bit on one machine. Several processes share each batch by rows: together they train what one
process would.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from paperlens.train.crops import Batch, Source
from paperlens.train.failures import StopRequest, check_finite, memory_explained
from paperlens.train.plan import History, Plan
from paperlens.train.progress import progress
from paperlens.train.run import Run, averaged, prepared, seed_of, share

Objective = Callable[[nn.Module, Batch], Tensor]


def supervised(loss: Callable[[Tensor, Tensor], Tensor]) -> Objective:
    """The usual objective: the last tensor of a batch is the target, the others are the network's input."""
    return lambda model, batch: loss(model(*batch[:-1]), batch[-1])


def train(  # noqa: PLR0915  (one loop, read from top to bottom)
    model: nn.Module,
    source: Source,
    objective: Objective,
    plan: Plan,
    *,
    folder: Path | None = None,
    resume: bool = False,
    watch: Callable[[History], None] | None = None,
    tensorboard: bool = False,
) -> History:
    """Train `model` in place by `plan`; where the plan keeps an average, it ends with the averaged weights.

    `folder` receives checkpoints (and TensorBoard events); `resume` continues from the newest one there.
    Ctrl-C ends the step, saves and raises KeyboardInterrupt. UserError tells of a loss that is not finite,
    and of a full disk or memory.
    """
    accelerator = prepared(plan, folder if tensorboard else None)
    average = averaged(model, plan.average, accelerator.device) if plan.average else None
    adam = torch.optim.AdamW(model.parameters(), betas=plan.betas, weight_decay=plan.weight_decay)
    network, optimizer = accelerator.prepare(model, adam)
    run = Run(
        plan, folder, accelerator, optimizer, {"weights": model} | ({"average": average} if average else {})
    )
    history = run.restored() if resume and folder else History()
    generator, recent = torch.Generator(), list[Tensor]()
    shapes: list[tuple[int, ...]] = []
    bar = progress(
        plan.steps,
        len(history.losses),
        stream=sys.stdout,
        disable=not accelerator.is_local_main_process,
        desc="train",
    )

    network.train()
    with StopRequest() as stop, bar, memory_explained(shapes):
        for step in range(len(history.losses), plan.steps):
            wall, processor = time.perf_counter(), time.process_time()
            generator.manual_seed(seed_of(plan.seed, step))
            torch.manual_seed(
                seed_of(plan.seed, step, 1 + accelerator.process_index)
            )  # what the network draws
            batch = share(source(step, generator), accelerator)
            shapes[:] = [tuple(part.shape) for part in batch]
            rate = plan.learning_rate * plan.schedule(step, plan.steps)
            for group in optimizer.param_groups:
                group["lr"] = rate

            with accelerator.autocast():
                loss = objective(network, batch)
            accelerator.backward(loss)
            if plan.clip:
                accelerator.clip_grad_norm_(network.parameters(), plan.clip)
            optimizer.step()
            optimizer.zero_grad()
            if average:
                average.update_parameters(model)

            recent.append(loss.detach())
            history.seconds += time.perf_counter() - wall
            history.processor_seconds += time.process_time() - processor
            bar.update()
            done, stopped = step + 1, stop.agreed(accelerator)
            late = plan.seconds is not None and history.seconds >= plan.seconds
            last = stopped or late or done == plan.steps
            if last or done % plan.report_every == 0 or done % plan.save_every == 0:
                losses = accelerator.reduce(torch.stack(recent), "mean").tolist()
                recent.clear()
                check_finite(losses, done - len(losses), rate)
                history.losses += losses
                bar.set_postfix(
                    loss=f"{np.mean(history.losses[-50:]):.4f}", rate=f"{rate:.1e}", refresh=False
                )
                accelerator.log({"loss": float(np.mean(losses)), "learning_rate": rate}, step=done)
                if watch:
                    watch(history)
            if last or done % plan.save_every == 0:
                run.save(history)
            if stopped:
                where = (
                    f"saved in {folder}, resume continues there"
                    if folder
                    else "no folder was given, nothing is saved"
                )
                bar.write(f"Stopped after step {done} of {plan.steps}: {where}.")
                raise KeyboardInterrupt
            if late:
                break

    for tracker in accelerator.trackers:
        tracker.finish()
    accelerator.unwrap_model(network, keep_fp32_wrapper=False, keep_torch_compile=False)
    if average:
        model.load_state_dict(average.module.state_dict())
    return history
