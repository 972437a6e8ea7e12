"""The parallel walk over a plan, with runners that do only what they were told of."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from homelab_tasks import execute as walk
from homelab_tasks.command import Command
from homelab_tasks.commands import compose
from homelab_tasks.crew import Crew
from homelab_tasks.execute import execute
from homelab_tasks.interrupt import Interrupts
from homelab_tasks.ledger import Ledger
from homelab_tasks.model import Host
from homelab_tasks.outcome import Outcome, Phase, Progress, Report, Status
from homelab_tasks.plan import Entry, Gate, Plan, PutAside, Step, Verb
from homelab_tasks.record import Held, Record, RecordedContainer, read
from homelab_tasks.runner import Result

from .builders import a_host, a_record

DONE, FAILED, SKIPPED = Status.DONE, Status.FAILED, Status.SKIPPED
PATIENCE = 10  # seconds until a test that hangs fails


class Stream:
    """What a ledger writes to; it answers `says` to every record once it `may`, and when it is asked to flush."""

    def __init__(self, says: str = "ok") -> None:
        self.sent, self.says = "", says
        self.answers = queue.Queue[bytes]()
        self.may = threading.Event()
        self.may.set()

    def sendall(self, data: bytes, /) -> None:
        self.sent += data.decode()
        for line in data.decode().splitlines():
            if line.startswith(("state ", "sync")):
                self.answers.put(b"synced\n" if line == "sync" else f"{self.says}\n".encode())

    def end(self) -> None:
        """The host lets go of the lock."""
        self.answers.put(b"")

    def recv(self, _size: int, /) -> bytes:
        answer = self.answers.get(timeout=PATIENCE)
        assert self.may.wait(PATIENCE), "the walk waited for an answer of the ledger"
        return answer

    def settimeout(self, seconds: float | None, /) -> None: ...
    def errors(self) -> str:
        return ""

    def close(self) -> None:
        self.end()


class FakeRunner:
    """Does what `script` has for a command's words; fails on a command that it was not told of."""

    def __init__(self, script: Mapping[str, Callable[[], Result]], host: Host, api: Any = None) -> None:
        self.script, self.host, self.api, self.ran = script, host, api, list[str]()

    def run(self, command: Command) -> Result:
        words = " ".join(command.argv)
        self.ran.append(words)
        assert words in self.script, f"nobody told of {words!r}"
        return self.script[words]()

    def docker(self) -> Any:
        return self.api

    def lines(self, command: Command) -> Iterator[str]:
        raise AssertionError(command)

    def open(self, command: Command) -> Any:
        raise AssertionError(command)

    def reserve(self, sessions: int) -> None:
        raise AssertionError(sessions)

    def dial(self, address: str, port: int) -> Any:
        raise AssertionError(address, port)

    def close(self) -> None: ...


def ok() -> Result:
    return Result(0)


def fails(text: str = "boom", status: int = 1) -> Callable[[], Result]:
    return lambda: Result(status, stderr=f"progress\n{text}\n")


NAS = a_host("nas")


def a_step(name: str, *needs: str, host: Host = NAS, **fields: Any) -> Step:
    """A step that runs the command `up NAME` and then writes its record."""
    entry = Entry(name, name, f"services/{name}", f"digest-{name}")
    plain = {"commands": (Command(("up", name)),), "needs": frozenset(needs), "entry": entry}
    return Step(name, Verb.UPDATE, name, host, **{**plain, **fields})


@contextmanager
def crews(*steps: Step, api: Any = None, says: str = "ok", **script: Callable[[], Result]) -> Iterator[dict[str, Crew]]:
    told = {f"up {s.subject}": script.get(s.subject, ok) for s in steps}
    hosts = {step.host.name: step.host for step in steps}
    made = {n: Crew(FakeRunner(told, h, api), Ledger(Stream(says), h), {}, "ann@desk") for n, h in hosts.items()}
    try:
        yield made
    finally:
        for crew in made.values():
            crew.ledger.close()


def run(*steps: Step, tell: Callable[[Progress], None] = lambda _: None, **script: Any) -> tuple[Report, str]:
    """The report of a walk, and everything that was written on the hosts."""
    with crews(*steps, **script) as made:
        report = execute(Plan("deploy", commit="c0ffee", steps=steps), made, tell)
        sent = "".join(stream_of(crew).sent for crew in made.values())
    return report, sent


def stream_of(crew: Crew) -> Stream:
    assert isinstance(crew.ledger._stream, Stream)
    return crew.ledger._stream


def last_records(sent: str) -> Mapping[str, Record]:
    return read("\n".join(line.removeprefix("state ") for line in sent.splitlines() if line.startswith("state ")))


def recorded(sent: str) -> set[str]:
    """Services whose last record says that all went well."""
    return {name for name, record in last_records(sent).items() if not record.unfinished}


def statuses(report: Report) -> dict[str, Status]:
    return {outcome.step.key: outcome.status for outcome in report.outcomes}


def why(report: Report, key: str) -> str:
    return next(outcome.why for outcome in report.outcomes if outcome.step.key == key)


def test_steps_run_after_what_they_need_and_are_written_down() -> None:
    report, sent = run(a_step("plex", "db"), a_step("db"))
    assert [o.step.key for o in report.outcomes] == ["db", "plex"]
    assert (report.ok, recorded(sent)) == (True, {"db", "plex"})


def test_a_record_holds_what_the_plan_says_who_did_it_and_when() -> None:
    held = Entry(
        "plex", "media", "services/plex", "d1", env={".env": "h"}, held=Held("ann", "now"), detail='{"model":{}}'
    )
    _, sent = run(a_step("plex", entry=held))
    (record,) = read(sent.partition("state ")[2].partition("\n")[0]).values()
    assert (record.project, record.commit, record.digest, record.by) == ("media", "c0ffee", "d1", "ann@desk")
    assert (record.env, record.held, record.at[-1]) == ({".env": "h"}, Held("ann", "now"), "Z")
    assert sent.startswith('keep h .env\ndetail plex 13\n{"model":{}}\nstate ')


def test_a_failure_skips_dependents_and_spares_the_rest() -> None:
    report, sent = run(
        a_step("plex", "app"), a_step("app", "vpn"), a_step("vpn"), a_step("blog"), vpn=fails("no image")
    )
    assert statuses(report) == {"vpn": FAILED, "app": SKIPPED, "plex": SKIPPED, "blog": DONE}
    assert (why(report, "vpn"), why(report, "app")) == ("no image", "needs vpn, which failed")
    assert why(report, "plex") == "needs app, which was skipped"
    assert (report.ok, report.broke, recorded(sent)) == (False, True, {"blog"})


def test_a_step_that_cannot_be_tried_fails_with_its_reason() -> None:
    pi = a_host("pi")
    report, _ = run(a_step("blog", host=pi, blocked="cannot reach pi"), a_step("web", "blog"), a_step("db"))
    assert statuses(report) == {"blog": FAILED, "web": SKIPPED, "db": DONE}
    assert why(report, "blog") == "cannot reach pi"
    assert (report.ok, report.broke) == (False, False)


def test_a_host_without_a_crew_fails_its_steps() -> None:
    report = execute(Plan("deploy", steps=(a_step("db"),)), {}, lambda _: None)
    assert (statuses(report), why(report, "db")) == ({"db": FAILED}, "nas was lost")


def test_a_fast_branch_does_not_wait_for_a_slow_one() -> None:
    end = threading.Event()

    def slow() -> Result:
        assert end.wait(PATIENCE), "the fast branch waited for the slow one"
        return ok()

    def last() -> Result:
        end.set()
        return ok()

    steps = a_step("slow"), a_step("a"), a_step("b", "a"), a_step("c", "b")
    report, _ = run(*steps, slow=slow, c=last)
    assert report.ok


def test_at_most_parallel_steps_work_on_a_host_and_hosts_do_not_wait_for_each_other() -> None:
    hosts = a_host("nas", parallel=2), a_host("pi", parallel=2)
    steps = [a_step(f"{host}{n}", host=host) for host in hosts for n in range(5)]
    together = threading.Barrier(4)  # two of each host
    busy: dict[str, int] = {"nas": 0, "pi": 0}
    most = 0
    guard = threading.Lock()

    def work(host: str, first: bool) -> Result:  # noqa: FBT001
        nonlocal most
        with guard:
            busy[host] += 1
            most = max(most, busy[host])
        if first:
            together.wait(PATIENCE)
        with guard:
            busy[host] -= 1
        return ok()

    script: dict[str, Any] = {s.subject: (lambda s=s: work(s.host.name, s.subject[-1] in "01")) for s in steps}
    report, _ = run(*steps, **script)
    assert (report.ok, most) == (True, 2)


def test_the_longest_chain_starts_first() -> None:
    host = a_host(parallel=1)
    steps = a_step("a"), a_step("b", "c"), a_step("c", "d"), a_step("d"), a_step("e")
    report, _ = run(*(replace(step, host=host) for step in steps))
    assert [o.step.key for o in report.outcomes] == ["d", "c", "a", "b", "e"]


def test_what_is_on_no_longest_chain_leaves_it_half_of_the_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "BRISK", PATIENCE)
    end = threading.Event()

    def leaf() -> Result:
        assert end.wait(PATIENCE)
        return ok()

    def last() -> Result:
        end.set()
        return ok()

    def tell(event: Progress) -> None:
        if event.phase is Phase.WORKING:
            begun.append(event.step.subject)

    begun: list[str] = []
    leaves: dict[str, Any] = {f"leaf{n}": leaf for n in range(4)}
    chain = a_step("a"), a_step("b", "a"), a_step("c", "b")
    report, _ = run(*chain, *map(a_step, leaves), tell=tell, c=last, **leaves)
    assert report.ok
    assert begun[:5] == ["a", "leaf0", "b", "c", "leaf1"]


def test_a_step_that_takes_long_holds_nobody_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "BRISK", 0.01)
    together = threading.Barrier(4)

    def slow() -> Result:
        together.wait(PATIENCE)
        return ok()

    script: dict[str, Any] = dict.fromkeys(("a", "leaf0", "leaf1", "leaf2"), slow)
    report, _ = run(*map(a_step, script), a_step("b", "a"), **script)
    assert report.ok


def test_one_place_is_free_for_the_longest_chain_however_long_others_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "BRISK", 0.01)
    end = threading.Event()

    def slow() -> Result:
        assert end.wait(PATIENCE), "the chain waited for what is on none"
        return ok()

    def first() -> Result:
        threading.Event().wait(0.1)
        return ok()

    def last() -> Result:
        end.set()
        return ok()

    script: dict[str, Any] = dict.fromkeys(("leaf0", "leaf1", "leaf2", "leaf3"), slow)
    report, _ = run(*map(a_step, script), a_step("a"), a_step("b", "a"), a_step("c", "b"), a=first, c=last, **script)
    assert report.ok


def test_the_first_command_that_fails_is_the_last_that_runs() -> None:
    step = a_step("plex", commands=(Command(("up", "plex")), Command(("never",))))
    report, _ = run(step, plex=fails())
    assert statuses(report) == {"plex": FAILED}


def failure(result: Result) -> str:
    report, _ = run(a_step("plex"), plex=lambda: result)
    return why(report, "plex")


def test_a_lost_connection_is_told_as_one() -> None:
    move = "what it was doing may have been done: run the same again"
    assert failure(Result(-1, stderr="connection to nas lost")) == f"connection to nas lost; {move}"
    assert failure(Result(-1)) == f"the connection to nas was lost; {move}"


def test_a_timeout_and_a_silent_failure_are_told() -> None:
    assert failure(Result(124)) == "updating took longer than 60 s and was ended"
    assert failure(Result(7)) == "exit status 7"
    assert failure(Result(1, stdout=b"said here\n")) == "said here"


def test_a_removal_takes_the_record_away() -> None:
    with crews(a_step("plex")) as made:
        made["nas"].records["plex"] = a_record("plex")
        step = a_step("plex", entry=Entry("plex", "plex", "services/plex", "d", removed=True))
        execute(Plan("destroy", steps=(step,)), made, lambda _: None)
        assert made["nas"].records == {}


def test_who_shares_a_network_is_recorded_with_the_container_it_was_started_on() -> None:
    with crews(a_step("qbit")) as made:
        made["nas"].records["vpn"] = a_record("vpn")
        step = a_step("qbit", entry=Entry("qbit", "qbit", "services/qbit", "d", borrows={"vpn": ""}))
        execute(Plan("deploy", steps=(step,)), made, lambda _: None)
        assert made["nas"].records["qbit"].borrows == {"vpn": "id-vpn"}


def test_progress_is_told_from_the_first_to_the_last() -> None:
    told: list[tuple[str, Phase]] = []
    run(a_step("plex", "db"), a_step("db"), tell=lambda p: told.append((p.step.key, p.phase)))
    assert told == [("db", Phase.WORKING), ("db", Phase.ENDED), ("plex", Phase.WORKING), ("plex", Phase.ENDED)]


def test_ctrl_c_starts_nothing_new_and_lets_what_runs_finish() -> None:
    interrupted = threading.Event()

    def press() -> Result:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupted.wait(PATIENCE)
        return ok()

    def tell(progress: Progress) -> None:
        if progress.outcome and progress.outcome.why == "interrupted":
            interrupted.set()

    report, sent = run(a_step("plex", "db"), a_step("db"), db=press, tell=tell)
    assert (statuses(report), report.interrupted, report.ok) == ({"plex": SKIPPED, "db": DONE}, True, False)
    assert recorded(sent) == {"db"}


def test_ctrl_c_in_the_middle_of_the_books_comes_when_they_are_in_order() -> None:
    def tell(progress: Progress) -> None:
        if progress.step.key == "db" and progress.phase is Phase.ENDED:
            os.kill(os.getpid(), signal.SIGINT)

    report, sent = run(a_step("db"), a_step("plex", "db"), a_step("web", "plex"), tell=tell)
    assert (report.interrupted, recorded(sent) >= {"db"}) == (True, True)
    assert len(report.outcomes) == 3


def test_the_former_reaction_to_ctrl_c_is_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


class FakeDocker:
    """One container of the project, whose state is `state`."""

    def __init__(self, **state: Any) -> None:
        self.state = {"Status": "running", "ExitCode": 0, "StartedAt": "2020-01-01T00:00:00.5Z", **state}

    def containers(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Id": "c1", "Labels": {}, "State": self.state["Status"], "Status": "Up"}]

    def inspect_container(self, ident: str) -> dict[str, Any]:
        return {
            "Id": ident,
            "Name": "/plex-web-1",
            "Image": "sha256:aa",
            "State": self.state,
            "RestartCount": 0,
            "Config": {"Labels": {"com.docker.compose.service": "web"}},
            "HostConfig": {"RestartPolicy": {"Name": "no"}},
        }

    def logs(self, _ident: str, **_: Any) -> bytes:
        return b"starting\nno such table\n"

    def events(self, **_: Any) -> Any:
        return _Silence()


class _Silence:
    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def close(self) -> None: ...


GATE = Gate("plex", timeout=PATIENCE, settle=0.5)


def gated(api: FakeDocker) -> tuple[Outcome, str]:
    report, sent = run(a_step("plex", gate=GATE), api=api)
    (outcome,) = report.outcomes
    return outcome, sent


def test_a_step_is_done_when_its_containers_are_well_and_they_are_recorded() -> None:
    outcome, sent = gated(FakeDocker(Health={"Status": "healthy"}))
    assert outcome.status is DONE
    (record,) = last_records(sent).values()
    assert record.containers == (RecordedContainer("c1", "web", "plex-web-1", "sha256:aa"),)


def test_a_container_that_ends_fails_its_step_with_its_last_words() -> None:
    outcome, sent = gated(FakeDocker(Status="exited", ExitCode=3))
    assert (outcome.status, outcome.why) == (FAILED, "container web ended with status 3")
    assert (outcome.log, recorded(sent)) == (("starting", "no such table"), set())


def test_an_older_compose_is_asked_again_without_what_it_does_not_know() -> None:
    project = compose.Project("plex", "/plex", renews=True)
    up, older = compose.up(project)[0], compose.up(replace(project, renews=False))[0]
    step = a_step("plex", commands=(up,))
    with crews(step) as made:
        made["nas"].runner.script = {  # type: ignore[attr-defined]
            " ".join(up.argv): lambda: Result(16, b"unknown flag: --pull\n"),
            " ".join(older.argv): ok,
        }
        report = execute(Plan("deploy", steps=(step,)), made, lambda _: None)
    assert statuses(report) == {"plex": DONE}


def test_ctrl_c_ends_a_wait_for_health() -> None:
    def tell(progress: Progress) -> None:
        if progress.phase is Phase.CHECKING:
            os.kill(os.getpid(), signal.SIGINT)

    steps = a_step("plex", gate=GATE), a_step("web", "plex")
    report, sent = run(*steps, tell=tell, api=FakeDocker(Status="created"))
    assert (statuses(report), why(report, "plex")) == ({"web": SKIPPED, "plex": FAILED}, "interrupted")
    assert (report.interrupted, recorded(sent)) == (True, set())


class RestartedOnce(FakeDocker):
    """Found to be up by its first start; at the second look Docker has just restarted it, and Ctrl-C is pressed."""

    looks = 0

    def inspect_container(self, ident: str) -> dict[str, Any]:
        self.looks += 1
        if self.looks == 1:
            return super().inspect_container(ident)
        if self.looks == 2:
            os.kill(os.getpid(), signal.SIGINT)
        state = {**self.state, "StartedAt": "2999-01-01T00:00:00.5Z"}
        return {**super().inspect_container(ident), "RestartCount": 1, "State": state}

    def containers(self, **_: Any) -> list[dict[str, Any]]:
        return [{**listed, "Status": "Up 1 second"} for listed in super().containers()]


def test_ctrl_c_ends_the_look_at_what_was_restarted_once() -> None:
    report, _ = run(a_step("plex", gate=GATE), api=RestartedOnce())
    assert (statuses(report), report.interrupted, report.seconds < 5) == ({"plex": DONE}, True, True)


FULL = "failed No space left on device"
UNWRITTEN = "done, but not recorded: the disk of nas is full; free some space, then run the same again"


def endings(told: list[tuple[str, Status]]) -> Callable[[Progress], None]:
    return lambda progress: told.extend((progress.step.key, o.status) for o in [progress.outcome] if o)


def test_a_step_that_could_not_be_written_down_has_failed_and_is_never_told_as_done() -> None:
    told: list[tuple[str, Status]] = []
    report, _ = run(a_step("plex"), says=FULL, tell=endings(told))
    assert (report.ok, why(report, "plex"), told) == (False, UNWRITTEN, [("plex", FAILED)])


def test_what_waits_starts_without_waiting_for_the_pen_and_a_bad_answer_takes_it_back() -> None:
    told: list[tuple[str, Status]] = []
    with crews(*(steps := (a_step("db"), a_step("plex", "db"), a_step("web", "plex"))), says=FULL) as made:
        stream = stream_of(made["nas"])
        stream.may.clear()

        def answer() -> Result:
            stream.may.set()
            return ok()

        made["nas"].runner = FakeRunner({"up db": ok, "up plex": answer, "up web": ok}, NAS)
        report = execute(Plan("deploy", steps=steps), made, endings(told))
    assert told[:2] == [("db", DONE), ("db", FAILED)] or told[:3] == [("db", DONE), ("plex", DONE), ("db", FAILED)]
    assert (report.ok, why(report, "db"), why(report, "plex")) == (False, UNWRITTEN, UNWRITTEN)


def test_when_the_lock_is_lost_nothing_more_is_started_on_that_host() -> None:
    host = a_host("nas", parallel=1)
    steps = a_step("db", host=host), a_step("web", host=host), a_step("dns", host=a_host("pi"))
    with crews(*steps) as made:
        crew = made["nas"]

        def lose() -> Result:
            stream_of(crew).end()
            while not crew.ledger.lost:
                threading.Event().wait(0.001)
            return ok()

        crew.runner = FakeRunner({"up db": lose}, host)
        report = execute(Plan("deploy", steps=steps), made, lambda _: None)
    lost = "the lock on nas was lost; run the same again"
    assert statuses(report) == {"db": FAILED, "web": FAILED, "dns": DONE}
    assert (why(report, "db"), why(report, "web")) == (f"done, but not recorded: {lost}", lost)


def test_a_first_deploy_that_fails_is_known_and_has_no_digest() -> None:
    _, sent = run(a_step("plex", gate=GATE), api=FakeDocker(), plex=fails())
    (record,) = last_records(sent).values()
    assert (record.service, record.project, record.digest, record.commit) == ("plex", "plex", "", "")
    assert (record.unfinished, record.by) == (True, "ann@desk")


def test_an_update_that_fails_keeps_what_is_known_of_the_last_one() -> None:
    with crews(step := a_step("plex", gate=GATE), api=FakeDocker(), plex=fails()) as made:
        known = made["nas"].records["plex"] = a_record("plex")
        execute(Plan("deploy", steps=(step,)), made, lambda _: None)
        assert made["nas"].records["plex"] == replace(known, unfinished=True)


@pytest.mark.parametrize(("status", "ended"), [(0, DONE), (1, FAILED)])
def test_a_file_that_was_replaced_is_named_with_the_place_where_it_is_kept(status: int, ended: Status) -> None:
    act = PutAside(Command(("up", "plex")))
    with crews(
        step := a_step("plex", commands=(act,)), plex=lambda: Result(status, b"/opt/homelab/aside/.env\n")
    ) as made:
        report = execute(Plan("deploy", steps=(step,)), made, lambda _: None)
        assert statuses(report) == {"plex": ended}
        kept = "plex has an earlier .env again; the newer one is kept: nas:/opt/homelab/aside/.env"
        assert made["nas"].aside == [kept]
