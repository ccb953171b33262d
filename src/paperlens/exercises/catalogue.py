"""Find an exercise by its id: the id is the path of its file below `bank`, imported when asked for."""

import difflib
import importlib
from collections.abc import Iterable
from typing import Any

from paperlens.errors import UserError
from paperlens.exercises.engine.exercise import Exercise

CATALOGUE = {
    "metrics.psnr": "metrics.psnr_border",
    "metrics.ssim": "metrics.ssim_uniform",
    "transformer.attention": "transformer.attention_ignoring",
    "transformer.split_heads": "transformer.split_heads_interleaved",
    "transformer.merge_heads": "transformer.merge_heads_interleaved",
    "transformer.multi_head_attention": "transformer.multi_query_attention",
    "transformer.layer_norm": "transformer.rms_norm",
    "vit.patchify": "vit.patchify_channels_last",
    "vit.embed": "vit.embed_patches",
    "vit.resize_pos_embed": "vit.resize_grid_embed",
    "swin.window_partition": "swin.grid_partition",
    "swin.window_merge": "swin.grid_merge",
    "swin.shifted_window_attention": "swin.shifted_sequence_attention",
    "swin.relative_position_bias": "swin.sequence_position_bias",
    "restormer.transposed_attention": "restormer.channel_affinity",
    "ttsr.texture_transfer": "ttsr.best_match",
    "nafnet.simple_gate": "nafnet.gated_linear_unit",
    "nafnet.layer_norm_2d": "nafnet.instance_norm_2d",
    "tlc.local_mean": "tlc.local_mean_inside",
    "liif.make_coord": "liif.make_coord_xy",
    "liif.sample_feature": "liif.sample_feature_xy",
    "losses.charbonnier": "losses.pseudo_huber",
    "swinir.pixel_shuffle": "swinir.pixel_unshuffle",
    "swinir.pad_to_window": "swinir.pad_around",
    "swinir.window_attention_macs": "swinir.block_macs",
    "swinir.high_frequency_share": "swinir.low_frequency_share",
    "mri.fft2c": "mri.ifft2c",
    "mri.truncate_kspace": "mri.truncate_columns",
    "mri.undersample": "mri.undersample_rows",
    "mri.data_consistency": "mri.weighted_data_consistency",
    "mri.root_sum_of_squares": "mri.coil_combine",
}
"""Exercise -> its sibling for a class, which stands in the same file. A new exercise is one file and one row here."""


def find(exercise_id: Any) -> Exercise:
    """The exercise, or a class's sibling of one, with this id; nothing but its own file is imported.

    Raises:
        UserError: there is none; the sentence names ids that look like it.
    """
    if not isinstance(exercise_id, str):
        raise UserError('an exercise is named by its id in quotes, as in check("metrics.psnr", psnr)')
    for name, sibling in CATALOGUE.items():
        if exercise_id == name:
            return _load(name)
        if exercise_id == sibling:
            found = _load(name).sibling
            assert found is not None
            return found
    known = [*CATALOGUE, *CATALOGUE.values()]
    near = difflib.get_close_matches(exercise_id[:100], known, n=3, cutoff=0.5)
    near = near or [one for one in known if exercise_id and exercise_id.rpartition(".")[2] in one]
    hint = f"did you mean {' or '.join(near[:3])}?" if near else f"the ids are {', '.join(known)}"
    raise UserError(f"no exercise is called {exercise_id[:60]!r}; {hint}")


def all_exercises(siblings: bool = False) -> tuple[Exercise, ...]:
    """All exercises in the order of the table; with `siblings`, each followed by its class variant. Imports all."""
    found: list[Exercise] = []
    for exercise in map(_load, CATALOGUE):
        found.append(exercise)
        if siblings and exercise.sibling is not None:
            found.append(exercise.sibling)
    return tuple(found)


def modules(names: Iterable[str] = CATALOGUE) -> list[str]:
    """The modules that hold these exercises, for whoever follows imports."""
    return [f"paperlens.exercises.bank.{name}" for name in names]


def _load(name: str) -> Exercise:
    exercise: Exercise = importlib.import_module(f"{__package__}.bank.{name}").EXERCISE
    return exercise
