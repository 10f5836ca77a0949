"""What programs do with their jobs: run them, and print the tables of their records."""

from __future__ import annotations

from collections.abc import Sequence

from .jobs import pool, pool_flags
from .tables import folder_tables


def run_jobs(jobs: Sequence[pool.Job]) -> None:
    """Runs what is not finished yet, as the flags of pool_flags.py say, and prints the table of all.

    Raises:
      InputError: jobs failed, a record is another run's, or Ray isn't available.
    """
    folders = pool_flags.folders()
    failed = pool.run_all(jobs, folders, pool_flags.workers())
    folder_tables.write_and_print(folders.output)
    pool.raise_if_failed(failed)
