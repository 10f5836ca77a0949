"""Where the versions of an exported model lie: EXPORT_DIR/1, 2, …"""

from __future__ import annotations

import pathlib

SAVED_MODEL = "saved_model.pb"


def loadable(export_dir: pathlib.Path) -> list[int]:
    """The numbers of the versions that hold a SavedModel, in no order; a folder "01" is none."""
    names = [path.parent.name for path in export_dir.glob(f"*/{SAVED_MODEL}")]
    return [int(name) for name in names if name.isdecimal() and str(int(name)) == name]
