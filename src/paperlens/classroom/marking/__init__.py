"""From answers to outcomes.

1. `options` holds what the teacher asked for.
2. `batch` names all the work of a run and sends it on.
3. `cluster` spreads it over the cores of this machine, or over a Dask cluster.
4. `mark` runs one answer behind the wall and judges what comes back (`unsafe`: without the wall).
5. `outcome` is how one exercise of one student ended; `journal` keeps each before the next begins.
"""
