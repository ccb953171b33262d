"""A recipe's scores as text: each held-out picture beside the baseline, and the verdict of a reproduction."""

from paperlens.recipes.recipe import Recipe
from paperlens.recipes.results import RunResult, Scores, mean
from paperlens.train.profiles import Profile


def table(recipe: Recipe, scores: Scores, profile: Profile) -> str:
    """Markdown, one row a picture: baseline, network, gain, PSNR then SSIM; the protocol below."""
    baseline = recipe.score(None, profile)
    rows = [
        "| picture | baseline PSNR | PSNR | gain (dB) | baseline SSIM | SSIM |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, own in scores.items():
        base = baseline[name]
        rows.append(
            f"| {name} | {base['psnr']:.2f} | {own['psnr']:.2f} | {own['psnr'] - base['psnr']:+.2f} "
            f"| {base['ssim']:.4f} | {own['ssim']:.4f} |"
        )
    psnr, before = mean(scores, "psnr"), mean(baseline, "psnr")
    rows.append(
        f"| mean | {before:.2f} | {psnr:.2f} | {psnr - before:+.2f} "
        f"| {mean(baseline, 'ssim'):.4f} | {mean(scores, 'ssim'):.4f} |"
    )
    return "\n".join([*rows, f"Protocol: {recipe.protocol}."])


def verdict(recipe: Recipe, run: RunResult, committed: RunResult) -> tuple[bool, str]:
    """Whether a run agrees with the committed one, and a sentence with both numbers."""
    now, then = run.mean(), committed.mean()
    agrees = abs(now - then) <= recipe.tolerance
    same = "the same sources" if run.source_hash == committed.source_hash else "other sources"
    sentence = (
        f"{recipe.name}, profile {run.profile}, seed {run.seed}: {now:.3f} dB now, {then:.3f} dB committed "
        f"({same}, commit {committed.commit[:10]}, {committed.device}): "
        f"{'reproduced' if agrees else 'NOT reproduced'} within {recipe.tolerance} dB."
    )
    return agrees, sentence
