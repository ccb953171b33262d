"""The wall between an answer and its judgement.

`wire`, `kernel`, `worker` and `nursery` are what runs behind the wall: they are shown to the sandbox file by file and
know torch, NumPy, einops and the standard library alone. `limits`, `policy`, `view`, `launch` and `session` stay
outside.
"""
