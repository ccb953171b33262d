"""A recipe's scores as text: each held-out picture beside the baseline, and the verdict of a reproduction."""

from paperlens.recipes.engine.recipe import Recipe
from paperlens.recipes.engine.results import RunResult, Scores, mean
from paperlens.train.profiles import Profile

NAMES = {"psnr": ("PSNR", ".2f"), "ssim": ("SSIM", ".4f")}  # metric -> how a table heads and writes it


def table(recipe: Recipe, scores: Scores, profile: Profile) -> str:
    """Markdown, one row a picture: baseline, network and gain of every metric that both have; the protocol below."""
    baseline = recipe.score(None, profile)
    first = next(iter(scores))
    metrics = [metric for metric in baseline[first] if metric in scores[first]]
    heads = [NAMES.get(metric, (metric, ".3f")) for metric in metrics]
    rows = [
        "| picture |" + "".join(f" baseline {name} | {name} | gain |" for name, _ in heads),
        "|---|" + "---:|" * 3 * len(metrics),
    ]
    means = {metric: (mean(baseline, metric), mean(scores, metric)) for metric in metrics}
    for name in (*scores, "mean"):
        cells = []
        for metric, (_, form) in zip(metrics, heads, strict=True):
            before, after = (
                means[metric] if name == "mean" else (baseline[name][metric], scores[name][metric])
            )
            cells.append(f" {before:{form}} | {after:{form}} | {after - before:+{form}} |")
        rows.append(f"| {name} |{''.join(cells)}")
    return "\n".join([*rows, f"Protocol: {recipe.protocol}."])


def verdict(recipe: Recipe, run: RunResult, committed: RunResult) -> tuple[bool, str]:
    """Whether a run agrees with the committed one, and a sentence with both numbers."""
    now, then = run.mean(recipe.metric), committed.mean(recipe.metric)
    agrees = abs(now - then) <= recipe.tolerance
    same = "the same sources" if run.source_hash == committed.source_hash else "other sources"
    sentence = (
        f"{recipe.name}, profile {run.profile}, seed {run.seed}: {recipe.metric} {now:.3f} now, {then:.3f} committed "
        f"({same}, commit {committed.commit[:10]}, {committed.device}): "
        f"{'reproduced' if agrees else 'NOT reproduced'} within {recipe.tolerance}."
    )
    return agrees, sentence
