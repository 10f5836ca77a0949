"""Volumes in memory, of a size that can be changed (Linux, root)."""

from __future__ import annotations

import pathlib
import subprocess


class Volume:
    """A mounted volume in memory."""

    def __init__(self, folder: pathlib.Path, size: str, read_only: bool = False) -> None:
        self._folder = folder
        self._options = f"size={size}{',ro' if read_only else ''}"

    def __enter__(self) -> pathlib.Path:
        self._folder.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", self._options, "tmpfs", self._folder], check=True)
        return self._folder

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", self._folder], check=True)


def remount(volume: pathlib.Path, options: str) -> None:
    """Changes a volume that is mounted."""
    subprocess.run(["mount", "-o", f"remount,{options}", volume], check=True)
