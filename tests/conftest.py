"""Fixtures for all tests: a lab of real hosts, started when the first test asks for it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import NoReturn, TypeVar

import pytest
from hypothesis import HealthCheck, settings

from tests.lab import Lab, LabHost, LabUnavailable

HOSTS = 3
L = TypeVar("L", bound=Lab)

# Fuzzing tries the same each time, so that nobody's work is held up by what it has nothing to do with.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("random", max_examples=1000, deadline=None)
settings.load_profile("same")


def pytest_configure() -> None:
    """Whoever starts the tests in the background or under `nohup` has made them deaf to signals, and with them all that
    they start, which tests send signals to. What has a handler here is heard there.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Three running hosts. Where there can be none the tests skip and say why; CI and `.ci/run` do not allow that."""
    yield from started(Lab, HOSTS)


@pytest.fixture
def hosts(lab: Lab) -> tuple[LabHost, ...]:
    """The lab's hosts, as they were at first: no faults, no containers, no files."""
    lab.reset()
    return lab.hosts


@pytest.fixture
def host(hosts: tuple[LabHost, ...]) -> LabHost:
    """One host, as it was at first."""
    return hosts[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"lab", "nixos"} & {*getattr(item, "fixturenames", ())}:
            item.add_marker("hosts")


def started(kind: type[L], count: int) -> Iterator[L]:
    """A lab of its own for a fixture, stopped at its end."""
    try:
        running = kind.start(count)
    except LabUnavailable as reason:
        give_up(str(reason))
    yield running
    running.stop()


def give_up(reason: str) -> NoReturn:
    """Skip, or fail where that is not allowed."""
    if os.environ.get("HOMELAB_REQUIRE_HOSTS") == "1" or os.environ.get("CI") == "true":
        pytest.fail(f"no lab, and here the tests on hosts may not be skipped: {reason}")
    pytest.skip(reason)
