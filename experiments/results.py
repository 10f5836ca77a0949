"""Makes the tables from records: those of each folder, and those of a page.

%s results/*

writes results.md, results.csv and results.json of each folder. With --page=docs/results.md it checks that
the page is what the records say, with --update too it writes the page: what stands between the lines
<!-- records: FOLDER ... --> and <!-- end of records --> is replaced by a table of the scores on test of the
runs in these folders, after <!-- differences: FOLDER --> by one of how much its settings differ from its
baseline. Folders are relative to where the program is started.
"""

from __future__ import annotations

from collections.abc import Sequence

from absl import flags

from jner_re import files, program
from jner_re.errors import InputError

from .jobs import pool, records
from .tables import folder_tables, page_tables

_PAGE = flags.DEFINE_string("page", None, "page with tables made from records; folders are relative to here")
_UPDATE = flags.DEFINE_boolean("update", False, "write the page instead of checking it")


def main(folders: Sequence[str]) -> None:
    """Writes the folders' tables, then checks or writes the page."""
    if not folders and not _PAGE.value:
        raise InputError("no folders, expected some with records, or --page")
    for folder in map(files.user_path, folders):
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder, expected one with records, such as seed-1.json")
        if found := records.read_folder(folder):
            folder_tables.write(folder, found)
            print(f"{folder}: tables of {pool.counted(len(found), 'run')}: {folder / 'results.md'}")
        else:
            print(f"{folder}: no run is finished")
    if _PAGE.value:
        path = files.user_path(_PAGE.value)
        old = files.read_text(path)
        new = page_tables.filled(old, path)
        if _UPDATE.value:
            files.write_text(path, new)
        else:
            page_tables.check(old, new, path)
        print(f"{path}: {'written' if _UPDATE.value else 'is what the records say'}")


if __name__ == "__main__":
    program.run_with_arguments(main)
