"""What stands around the loop: devices, precision, running average, a share of the batch, saving."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from paperlens.errors import UserError
from paperlens.train import checkpoint
from paperlens.train.crops import Batch
from paperlens.train.plan import History, Plan


def prepared(plan: Plan, events: Path | None) -> Accelerator:
    """Accelerate by the plan: it finds the devices and processes; `events` receives TensorBoard's files."""
    AcceleratorState._reset_state()  # a notebook may train twice in one process, in two precisions
    accelerator = Accelerator(
        mixed_precision=plan.precision,
        dynamo_backend="inductor" if plan.compile else "no",
        log_with="tensorboard" if events else None,
        project_dir=events,
    )
    if events:
        accelerator.init_trackers("events")
    return accelerator


def averaged(model: nn.Module, decay: float, device: torch.device) -> AveragedModel:
    """A running average of the weights, on torch's AveragedModel.

    The decay starts low, min(decay, (1 + n) / (10 + n)) after n steps: else a short run averages in its
    random start.
    """

    def blend(average: Tensor, current: Tensor, n: Tensor | int) -> Tensor:
        return torch.lerp(average, current, 1 - min(decay, (1 + int(n)) / (10 + int(n))))

    return AveragedModel(model, device=device, avg_fn=blend)  # buffers follow the model


def seed_of(*numbers: int) -> int:
    """One seed from several numbers, so that neighbours share nothing."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def share(batch: Batch, accelerator: Accelerator) -> Batch:
    """The rows of a batch that this process trains on, on its device."""
    count, rows = accelerator.num_processes, len(batch[0])
    if rows % count:
        raise ValueError(f"{count} processes cannot share a batch of {rows} evenly")
    mine = slice(accelerator.process_index * rows // count, (accelerator.process_index + 1) * rows // count)
    return tuple(part[mine].to(accelerator.device, non_blocking=True) for part in batch)


@dataclass(frozen=True, slots=True)
class Run:
    """The parts of a run that a checkpoint holds."""

    plan: Plan
    folder: Path | None
    accelerator: Accelerator
    optimizer: Any
    modules: Mapping[str, nn.Module]

    def save(self, history: History) -> None:
        """Write a checkpoint, where there is a folder; the main process alone."""
        if self.folder is None or not self.accelerator.is_main_process:
            return
        scaler = self.accelerator.scaler
        tensors = {
            "optimizer": self.optimizer.state_dict(),
            "scaler": scaler.state_dict() if scaler else {},
            "losses": torch.tensor(history.losses, dtype=torch.float64),
        }
        told = {"seconds": history.seconds, "processor_seconds": history.processor_seconds}
        checkpoint.save(
            self.folder, len(history.losses), self.modules, tensors, told | {"plan": self.plan.described()}
        )

    def restored(self) -> History:
        """Fill the parts from the newest checkpoint; UserError where it was trained by another plan."""
        assert self.folder is not None
        tensors, told = checkpoint.restore(self.folder, self.modules)
        self._check(tensors, told)
        if differing := self.plan.differing(told["plan"]):
            raise UserError(
                f"{self.folder} was trained by another plan: {'; '.join(differing)}; choose another folder."
            )
        self.optimizer.load_state_dict(tensors["optimizer"])
        if self.accelerator.scaler and tensors["scaler"]:
            self.accelerator.scaler.load_state_dict(tensors["scaler"])
        return History(tensors["losses"].tolist(), told["seconds"], told["processor_seconds"])

    def _check(self, tensors: object, told: object) -> None:
        """UserError where a part that a resumed run needs is not in the files, or is of another kind."""
        kinds = {"seconds": (int, float), "processor_seconds": (int, float), "plan": (dict,)}
        state = told if isinstance(told, dict) else {}
        lacking = [
            f"state.json: {name}" for name, kind in kinds.items() if not isinstance(state.get(name), kind)
        ]
        held = set(tensors) if isinstance(tensors, dict) else set()
        lacking += [f"optimizer.pt: {name}" for name in sorted({"optimizer", "scaler", "losses"} - held)]
        if lacking:
            raise UserError(
                f"the checkpoint in {self.folder} is damaged: expected {', '.join(lacking)}; delete it, or start "
                "without --resume."
            )
