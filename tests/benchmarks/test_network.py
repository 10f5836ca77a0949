"""Hosts in network namespaces need root: without it that is said, and nothing is made."""

from __future__ import annotations

import os
import shutil

import pytest

from benchmarks.faults import network
from jner_re.errors import InputError


@pytest.mark.parametrize(("user", "ip"), [(1000, "/usr/sbin/ip"), (0, None)])
def test_without_root_or_ip_it_is_one_line(
    monkeypatch: pytest.MonkeyPatch, user: int, ip: str | None
) -> None:
    made: list[tuple[str, ...]] = []
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(shutil, "which", lambda name: ip)
    monkeypatch.setattr(network, "_ip", lambda *arguments: made.append(arguments))
    with pytest.raises(InputError, match="need root and iproute2's ip"), network.hosts(3):
        raise AssertionError("there are no hosts")
    assert not made
