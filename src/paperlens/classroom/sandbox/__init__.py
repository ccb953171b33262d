"""The wall between an answer and its judgement.

1. `launch` starts bubblewrap with what `view` shows and `policy` allows; `session` holds the warmed `nursery` in it.
2. For each answer the nursery forks a process, which puts up its `walls` within the `limits`.
3. Only then the `worker` reads the notebook: `paperlens.exercises.engine.reach` says which statements the answer needs;
   `standins` takes the place of packages that only draw.
4. `call` is the answer's function on this side; values travel over `wire`.

`wire`, `walls`, `worker`, `standins` and `nursery` run behind the wall: they are shown to the sandbox file by file
and
know torch, NumPy, einops and the standard library alone. The others stay outside.
"""
