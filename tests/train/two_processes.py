"""Started by `accelerate launch` in test_processes.py: trains the tiny network and writes what came out."""

import sys
from pathlib import Path

from accelerate import PartialState
from tiny_training import network, objective, plan, source

from paperlens.train.checkpoint import pack, write
from paperlens.train.loop import train

folder, resume = Path(sys.argv[1]), "resume" in sys.argv
model = network(dropout=0.0)
history = train(model, source(), objective, plan(), folder=folder / "run", resume=resume)
state = PartialState()
write(
    folder / f"process-{state.process_index}-of-{state.num_processes}.safetensors", pack(model.state_dict())
)
write(folder / f"losses-{state.process_index}.txt", "\n".join(map(str, history.losses)).encode())
state.destroy_process_group()
