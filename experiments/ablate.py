"""The paper's ablation: models without NER-specific, RE-specific or any task-specific BiRNNs.

%s --preset=conll04 --data_dir=DIR --output_dir=DIR

Each setting has as many shared BiRNN layers more as it has fewer of the others, so that all have the same
number of parameters, which is printed. Each is trained and tested as experiments.trials does.
"""

from __future__ import annotations

from absl import flags

from jner_re import program
from jner_re.errors import InputError

from . import ablation_settings, config_flags, data_flags
from .jobs import pool_flags, protocol_flags
from .jobs.training_job import TrainingJob, run_name
from .run_jobs import run_jobs

_SEEDS = flags.DEFINE_integer(
    "seeds", 3, "number of trials of each setting, of the seeds from --seed on", lower_bound=1
)
_TOLERANCE = 0.02  # by which a setting's number of parameters may differ from the baseline's
flags.adopt_module_key_flags(pool_flags)
flags.adopt_module_key_flags(protocol_flags)
flags.adopt_module_key_flags(data_flags)
config_flags.define()


def main() -> None:
    """Compares the settings' sizes, runs the trials and prints their table."""
    config, train_config = data_flags.configs()
    settings = ablation_settings.settings(config)
    protocol = protocol_flags.protocol(train_config)
    data = data_flags.read(config)
    program.import_tensorflow_quietly()
    sizes = ablation_settings.trainable_parameters(list(settings.values()), data)
    for (name, changed), size in zip(settings.items(), sizes, strict=True):
        layers = f"{changed.shared_layers} shared, {changed.ner_layers} NER, {changed.re_layers} RE"
        print(f"{name:24} {layers}: {size:,} parameters, {size / sizes[0]:.1%} of the baseline's")
        if abs(size / sizes[0] - 1) > _TOLERANCE:
            raise InputError(
                f"{name}: {size:,} parameters, expected those of the baseline ± {_TOLERANCE:.0%}"
            )
    jobs = [
        TrainingJob(run_name(name.removesuffix(" BiRNNs"), each.seed), name, protocol, data, changed, each)
        for each in train_config.with_seeds(_SEEDS.value)
        for name, changed in settings.items()
    ]
    run_jobs(jobs)


if __name__ == "__main__":
    program.run(main)
