"""Variants of a config, given as flags, beside the baseline that they are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jner_re import program
from jner_re.errors import InputError

from . import config_flags
from .config_flags import Configs
from .jobs.training_job import run_name
from .tables.published import BASELINE


def variants_of(given: Configs, texts: Sequence[str]) -> dict[str, Configs]:
    """The configs of the baseline and of each variant, by name.

    Args:
      given: the baseline's.
      texts: each a name, a colon and flags.

    Raises:
      InputError: one is not, its flags are not valid, it changes nothing, or two have one name.
    """
    variants = {BASELINE: given}
    slugs = {run_name(BASELINE, 0)}
    for text in texts:
        name, colon, changes = (part.strip() for part in text.partition(":"))
        if not colon or not name or not changes:
            raise InputError(
                f'--variant={text!r}: expected a name, a colon and flags, such as "smaller: --rnn_size=128"'
            )
        if run_name(name, 0) in slugs:
            raise InputError(
                f"--variant={text!r}: another name is like {name!r}: expected names that differ in more than "
                "capitals and signs, which names of files don't have"
            )
        slugs.add(run_name(name, 0))
        try:
            variants[name] = config_flags.changed(given, changes)
        except InputError as error:
            raise InputError(
                f"--variant={text!r}: {error} (a variant has flags of model and training)"
            ) from None
        if variants[name] == given:
            raise InputError(f"--variant={text!r}: changes nothing of the baseline")
        if variants[name][1].seed != given[1].seed:
            raise InputError(
                f"--variant={text!r}: changes the seed, expected the baseline's (--seed, --seeds)"
            )
    return variants


def check_encoders(variants: Mapping[str, Configs]) -> None:
    """Fetches what the variants read; raises InputError, with the variant's name, where it can't be had."""
    program.import_tensorflow_quietly()
    from jner_re.features.inputs import Frozen, make_inputs, open_frozen

    checked: dict[tuple[object, ...], Frozen] = {}  # of variants that read the same
    for name, (config, _) in variants.items():
        read = (config.encoder, config.fine_tune_encoder, config.glove, config.char_rnn_size > 0)
        try:
            frozen = checked[read] = checked.get(read) or open_frozen(config)
            make_inputs(config, frozen, "a")
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
