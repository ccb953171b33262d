"""The tables of the data page, made from the cards, the tables of values and the committed results."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from paperlens.data.files import path
from paperlens.site.pages import data_gallery

CHECKED = {
    "abstract": "read in the abstract",
    "table": "read in a table",
    "unverified": "**unverified**: recalled, not looked up",
    "chosen": "our choice",
}
TISSUES = {"white": "white matter", "gray": "gray matter", "csf": "fluid"}


def parts() -> dict[str, str]:
    """File name -> text, for the page to include."""
    return {
        "data_photographs.md": data_gallery.photographs(),
        "data_phantom.md": data_gallery.phantom(),
        "data_statistics.md": statistics(),
        "data_guide.md": guide(),
        "data_real.md": real(),
        "data_relaxation.md": relaxation(),
        "data_checkpoints.md": checkpoints(),
        "data_features.md": features(),
        "data_speed.md": speed(),
    }


def statistics() -> str:
    """The phantom's numbers beside published ones; an empty cell where none was found."""
    rows = [
        (
            row["quantity"],
            f"{row['phantom']:.3g} ± {row['spread']:.1g}",
            "–" if row["published"] is None else f"{row['published']:g}",
            row["source"],
        )
        for row in _result("benchmarks/phantom")["statistics"]
    ]
    return _table(("Quantity", "Phantom (mean ± SD)", "Published", "Where"), rows, (32, 20, 12, 36))


def guide() -> str:
    """What a guide gives and costs on the phantom: the mean over seeds and their range, with the protocol."""
    of = {one["recipe"]: one for one in _result("recipes/mri_contrast/guide")["results"]}
    from_t1 = _result("recipes/mri_contrast/contrast_map")["results"][0]
    guided, alone = of["mri_guided"], of["mri_unguided"]
    series = {
        "zero filling": [guided["baseline"]],
        "a line from T1": [from_t1["baseline"]],
        "six convolutions, T1 alone": _runs(from_t1),
        "six convolutions, without guide": _runs(alone),
    }
    rows = [(name, *_spread(pictures, "psnr")) for name, pictures in series.items()]
    rows += [
        (f"six convolutions, with guide{metric.removeprefix('psnr')}", *_spread(_runs(guided), metric))
        for metric in next(iter(_runs(guided)[0].values()))
        if metric.startswith("psnr")
    ]
    told = f"{alone['trains']}. {len(_runs(guided))} seeds. {alone['protocol']}."
    return f"{_table(('T2 slices', 'PSNR (dB)', 'Over seeds'), rows, (52, 20, 28))}\n{told}\n"


def real() -> str:
    """Gains over zero filling of networks trained on the phantom and on a person, scored on both."""
    rows = []
    for one in _result("recipes/mri_contrast/phantom_real")["results"]:
        gains = [
            tuple(
                mean(
                    run[name]["psnr"] - one["baseline"][name]["psnr"]
                    for name in run
                    if (name == "person") == person
                )
                for person in (False, True)
            )
            for run in _runs(one)
        ]
        cells = [
            f"{mean(values):+.2f} ({min(values):+.2f} to {max(values):+.2f})"
            for values in zip(*gains, strict=True)
        ]
        rows.append((one["trains"].partition(": ")[2], *cells))
    base = _result("recipes/mri_contrast/phantom_real")["results"][0]
    filled = base["baseline"]["person"]["psnr"]
    told = f"{len(_runs(base))} seeds; zero filling on the person {filled:.2f} dB. {base['protocol']}."
    head = ("Six convolutions", "On phantom subjects (dB)", "On the person (dB)")
    return f"{_table(head, rows, (52, 24, 24))}\n{told}\n"


def relaxation() -> str:
    """Every relaxation time and proton density with its source, and how far it was checked."""
    with path("physics/relaxation.csv").open(encoding="utf-8", newline="") as table:
        values = list(csv.DictReader(table))
    rows = [
        (
            "any" if row["field_t"] == "0" else f"{row['field_t']} T",
            f"{row['quantity']} {TISSUES[row['tissue']]}",
            f"{row['value']} {'' if row['unit'] == 'fraction' else row['unit']}".strip(),
            "yes" if row["used"] == "yes" else "no",
            row["source"],
            CHECKED[row["checked"]],
        )
        for row in values
    ]
    unverified = [row for row in values if row["checked"] == "unverified"]
    used = sum(row["used"] == "yes" for row in unverified)
    head = ("Field", "Quantity", "Value", "Used", "Source", "Checked")
    told = (
        f"{len(unverified)} of {len(values)} values are unverified, {used} of them used by the phantom: their "
        "source is named from memory and was not at hand."
    )
    return f"{_table(head, rows, (8, 18, 10, 7, 37, 20))}\n{told}\n"


def checkpoints() -> str:
    """The networks that ship, each with its size and what its card says."""
    rows = []
    for file in sorted(path("checkpoints").glob("*.json")):
        told = json.loads(file.read_text(encoding="utf-8"))
        weights = file.with_suffix(".safetensors")
        trained = ", ".join(one["name"] for one in told["trained_on"])
        card_of = f"`data/checkpoints/{file.name}`"
        rows.append(
            (
                f"`{file.stem}`",
                told["trains"],
                f"{told['parameters']:,}",
                f"{weights.stat().st_size / 1000:,.0f} kB",
                f"{card_of}; made by `{told['made']}`; weights {told['licence']}; trained on {trained}",
            )
        )
    head = ("Name", "What", "Parameters", "File", "Card")
    return _table(head, rows, (11, 25, 12, 10, 42))


def features() -> str:
    """The feature network as a distance beside what needs no training."""
    # torch loads where the groups are asked for, not with the site
    from paperlens.recipes.efficient.features import GROUPS

    of = {one["recipe"]: one for one in _result("recipes/efficient/features")["results"]}
    trained, untrained = of["features"], of["features_untrained"]
    series = {
        "L1": ([trained["baseline"]], "right"),
        "SSIM": ([trained["baseline"]], "right by SSIM"),
        "feature network, untrained": (_runs(untrained), "right"),
        "feature network, trained": (_runs(trained), "right"),
    }
    rows = [("L2, and guessing", *["0.50" for _ in GROUPS])]
    for name, (runs, metric) in series.items():
        cells = []
        for group in GROUPS.values():
            middle, range_ = _spread(runs, metric, group)
            cells.append(middle if len(runs) == 1 else f"{middle} ({range_})")
        rows.append((name, *cells))
    told = f"{trained['protocol'][0].upper()}{trained['protocol'][1:]}. {len(_runs(trained))} seeds, with their range."
    return f"{_table(('Distance', *GROUPS), rows, (28, 24, 24, 24))}\n{told}\n"


def speed() -> str:
    """The committed measurements of benchmarks/mr_data.py."""
    told = _result("benchmarks/data")
    loads = ", ".join(f"{name} {value:.2g} ms" for name, value in told["batch_milliseconds"].items())
    steps = ", ".join(f"{name} {value:.3g} ms" for name, value in told["step_milliseconds"].items())
    rows = [
        (
            "a subject of 64 slices in three contrasts",
            f"{told['subject_seconds']:.1f} s",
            f"at most {told['subject_seconds_limit']:g} s",
        ),
        ("the same from the cache", f"{told['cached_seconds']:.2g} s", "–"),
        ("one batch", loads, "–"),
        ("one training step of a tiny network", steps, "–"),
        (
            "fastest step over slowest batch",
            f"{told['smallest_ratio']:g}",
            f"at least {told['smallest_ratio_limit']:g}",
        ),
    ]
    foot = (
        f"{told['task'][0].upper()}{told['task'][1:]}. Measured by `{told['made']}` on {told['device']}, torch "
        f"{told['torch']}, load {told['load_at_start']:g} at the start."
    )
    return f"{_table(('What', 'Measured here', 'Required'), rows, (42, 40, 18))}\n{foot}\n"


def _runs(result: Mapping[str, Any]) -> list[Any]:
    """The pictures' scores of every committed run of profile class."""
    return [run["pictures"] for run in result["runs"] if run["profile"] == "class"]


def _spread(runs: Sequence[Any], metric: str, over: Sequence[str] = ()) -> tuple[str, str]:
    """The mean over runs of a metric's mean over pictures, and the smallest and largest."""
    values = [mean(one[metric] for name, one in run.items() if not over or name in over) for run in runs]
    spread = f"{min(values):.2f} to {max(values):.2f}" if len(values) > 1 else "no training"
    return f"{mean(values):.2f}", spread


def _result(name: str) -> Any:
    return json.loads(Path(path(f"results/{name}.json")).read_text(encoding="utf-8"))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> str:
    lines = [
        "```{list-table}",
        ":header-rows: 1",
        ":class: pl-data",
        f":widths: {' '.join(map(str, widths))}",
        "",
    ]
    for row in (head, *rows):
        lines += [f"{'* ' if i == 0 else '  '}- {cell}" for i, cell in enumerate(row)]
    return "\n".join([*lines, "```", ""])
