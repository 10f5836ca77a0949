"""Variants of a config, given as flags, beside the baseline that they are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jner_re import program
from jner_re.errors import InputError

from . import config_flags
from .config_flags import Configs
from .jobs import records
from .jobs.protocols import SCORED_ON_DEV, refuse_choosing
from .jobs.training_job import slug
from .tables.published import BASELINE


def variants_of(given: Configs, texts: Sequence[str]) -> dict[str, Configs]:
    """The configs of the baseline and of each variant, by name.

    Args:
      given: the baseline's.
      texts: each a name, a colon and flags.

    Raises:
      InputError: one is not, its flags are not valid or choose by dev, it changes nothing, or its name can't
        be taken.
    """
    refuse_choosing(given[1], SCORED_ON_DEV)
    variants = {BASELINE: given}
    slugs = {slug(BASELINE)}
    for text in texts:
        name, colon, changes = (part.strip() for part in text.partition(":"))
        if not colon or not name or not changes:
            raise InputError(
                f'--variant={text!r}: expected a name, a colon and flags, such as "smaller: --rnn_size=128"'
            )
        if not slug(name) or name == records.SEARCH:
            raise InputError(
                f"--variant={text!r}: expected a name with letters or digits, and not {records.SEARCH!r}"
            )
        if slug(name) in slugs:
            raise InputError(
                f"--variant={text!r}: another name is like {name!r}: expected names that differ in more than "
                "capitals and signs, which names of files don't have"
            )
        slugs.add(slug(name))
        try:
            variants[name] = config_flags.changed(given, changes)
            refuse_choosing(variants[name][1], SCORED_ON_DEV)
        except InputError as error:
            raise InputError(f"--variant={text!r}: {error}") from None
        if variants[name] == given:
            raise InputError(
                f"--variant={text!r}: changes nothing of the baseline, expected flags in which it differs"
            )
        if variants[name][1].seed != given[1].seed:
            raise InputError(
                f"--variant={text!r}: changes the seed, expected the baseline's (--seed, --seeds)"
            )
    return variants


def check_encoders(variants: Mapping[str, Configs]) -> None:
    """Fetches what the variants read; raises InputError, with the variant's name, if it can't."""
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
