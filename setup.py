"""What setup.cfg cannot say: installed, the folders of programs are in jner_re, the one top-level package."""

from setuptools import find_packages, setup

_PROGRAMS = ("experiments", "export")

setup(
    packages=[
        *find_packages(include=["jner_re", "jner_re.*"]),
        *(f"jner_re.{name}" for top in _PROGRAMS for name in find_packages(include=[top, f"{top}.*"])),
    ],
    package_dir={f"jner_re.{top}": top for top in _PROGRAMS},
)
