"""Process lists recorded from procps-ng 4.0.2, top of it, and busybox 1.35 in one small pid namespace.

`pleg-ps.txt` and `pleg-ps-threads.txt` come from a node whose CNI daemon hung
(`ps -eo pid,ppid,etime,stat,wchan:32,args`, `ps -eLo pid,lwp,ppid,etime,stat,wchan:32,comm`).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.processes import ProcessListing, ProcessSearch, ProcessSeen
from kwhy.ingest.parsers.ps import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed
from kwhy.model.time import at

DATA = Path(__file__).parent / "data" / "ps"
WITH_ARGUMENTS = ["ef", "aux", "auxf", "axjf", "elf", "eLf", "lstart-comm-args", "args-first", "ef-80-columns"]
FULL = [*WITH_ARGUMENTS, "eT", "top", "busybox", "busybox-o", "busybox-top", "pleg-ps", "pleg-ps-threads"]


def document(name: str, command: str | None = None) -> Document:
    return Document(f"{name}.txt", (DATA / f"{name}.txt").read_bytes(), command=command)


def parsed(document: Document) -> list[Parsed]:
    return list(FORMAT.parse(document))


def processes(name: str, command: str | None = None) -> dict[int, ProcessSeen]:
    return {fact.pid: fact for fact in parsed(document(name, command)) if isinstance(fact, ProcessSeen)}


def score(text: str, command: str | None = None) -> float:
    return FORMAT.recognise(Head(text, len(text), command))


@pytest.mark.parametrize("name", FULL)
def test_every_form_is_recognised_by_content_and_read_without_a_rest(name: str) -> None:
    doc = document(name)
    assert score(doc.text) >= 0.8
    facts = parsed(doc)
    assert not [fact for fact in facts if isinstance(fact, Unparsed)]
    assert len([fact for fact in facts if isinstance(fact, ProcessSeen)]) >= 7


@pytest.mark.parametrize("name", ["ef", "axjf", "elf", "eLf", "lstart-comm-args", "busybox-o"])
def test_parent_and_command_of_the_same_process_are_the_same_in_every_form(name: str) -> None:
    agent = processes(name)[3]
    assert (agent.ppid, agent.program, agent.command) == (1, "python3", "/usr/bin/python3 /srv/agent.py --token ***")


def test_a_tree_gives_the_parents_that_its_columns_do_not_name() -> None:
    parents = {pid: seen.ppid for pid, seen in processes("auxf").items()}
    assert (parents[5], parents[6], parents[7], parents[8]) == (3, 3, 6, 3)


def test_a_token_on_a_command_line_is_shown_nowhere() -> None:
    for fact in parsed(document("ef")):
        assert "abc.def" not in repr(fact)


def test_times_states_and_wait_channels_are_read_by_their_header() -> None:
    seen = processes("lstart-comm-args")[6]
    assert (seen.state, seen.wchan, seen.elapsed) == ("S", "do_wait", 1.0)
    assert seen.started_printed == "Sat Nov 21 23:44:37 2026"


def test_elapsed_time_dates_the_start_where_the_moment_of_the_list_is_known() -> None:
    doc = document("pleg-ps")
    doc.captured = at(1_000_000.0)
    daemon = next(fact for fact in parsed(doc) if isinstance(fact, ProcessSeen) and fact.program == "netfabricd")
    assert (daemon.pid, daemon.elapsed, daemon.started.latest) == (4545, 233.0, 1_000_000.0 - 233)


def test_a_zombie_is_named_without_brackets_and_a_kernel_thread_with_them() -> None:
    assert processes("aux")[8].program == "true"
    assert processes("aux")[8].zombie
    row = "root           2  0.0  0.0      0     0 ?        S    23:14   0:00 [kthreadd]\n"
    (thread,) = parsed(Document("x", row.encode()))
    assert isinstance(thread, ProcessSeen)
    assert (thread.program, thread.kernel_thread) == ("[kthreadd]", True)


def test_a_process_that_ignores_signals_shows_where_in_the_kernel_it_waits() -> None:
    writer = processes("d-state")[21793]
    assert (writer.uninterruptible, writer.wchan) == (True, "percpu_rwsem_wait")


def test_the_task_list_of_crash_is_read_with_its_states_translated() -> None:
    # form of `ps` in crash 8 (crash-utility.github.io, help page of ps), numbers made up
    text = (
        "   PID    PPID  CPU       TASK        ST  %MEM      VSZ      RSS  COMM\n"
        "      1      0   2  ffff880951f70000  IN   0.0   191036     4000  systemd\n"
        "> 19246      1  16  ffff880951f70fd0  UN   0.1   832000    20000  terwayd\n"
    )
    seen = {fact.pid: fact for fact in parsed(Document("x", text.encode())) if isinstance(fact, ProcessSeen)}
    assert (seen[1].state, seen[19246].state, seen[19246].program) == ("S", "D", "terwayd")


def test_threads_keep_the_id_of_their_process() -> None:
    threads = [fact for fact in parsed(document("eLf")) if isinstance(fact, ProcessSeen) and fact.pid == 3]
    assert len(threads) == 3
    assert {thread.tid for thread in threads} > {3}


@pytest.mark.parametrize(
    "name", ["ef", "aux", "auxf", "axjf", "eLf", "lstart-comm-args", "top", "busybox", "busybox-o", "pleg-ps"]
)
def test_a_list_with_pid_1_and_the_ps_that_made_it_holds_all_processes(name: str) -> None:
    (listing,) = [fact for fact in parsed(document(name)) if isinstance(fact, ProcessListing)]
    assert listing.count == len(processes(name))


@pytest.mark.parametrize("name", ["ef-head", "aux-grep", "top-head", "eT"])
def test_a_list_that_may_lack_rows_says_nothing_about_missing_processes(name: str) -> None:
    assert not [fact for fact in parsed(document(name)) if isinstance(fact, ProcessListing)]


def test_the_command_decides_whether_a_list_is_whole() -> None:
    def listings(command: str) -> int:
        return sum(isinstance(fact, ProcessListing) for fact in parsed(document("ef-head", command)))

    assert listings("ps -ef") == 1
    assert listings("sudo ps aux") == 1
    assert listings("ps -aux") == 1
    assert listings("ps -ef | head -4") == 0
    assert listings("ps -u root -f") == 0
    assert listings("ps -f -N -e") == 0


def test_a_filter_beside_ps_in_the_list_shows_that_rows_were_dropped() -> None:
    text = (DATA / "ef.txt").read_text() + "root          12       1  0 23:44 ?        00:00:00 grep -e root -e UID\n"
    assert not [fact for fact in parsed(Document("x", text.encode())) if isinstance(fact, ProcessListing)]


def test_a_search_for_one_program_says_that_it_does_not_run() -> None:
    doc = document("aux-grep", "ps aux | grep agent")
    assert [fact.found for fact in parsed(doc) if isinstance(fact, ProcessSearch)] == [1]
    empty = Document("x", b"", command="ps -ef | grep [k]ube-proxy | grep -v grep")
    (search,) = parsed(empty)
    assert isinstance(search, ProcessSearch)
    assert (search.word, search.found) == ("kube-proxy", 0)


def test_pgrep_is_understood_by_its_command() -> None:
    facts = parsed(document("pgrep", "pgrep -a sleep"))
    assert [fact.program for fact in facts if isinstance(fact, ProcessSeen)] == ["sleep", "sleep"]
    assert [fact.found for fact in facts if isinstance(fact, ProcessSearch)] == [2]


def test_a_list_without_headers_is_read_by_the_command() -> None:
    seen = processes("no-headers", "ps -eo pid,args --no-headers")
    assert seen[5].program == "sleep"


def test_commands_cut_by_the_width_of_the_terminal_are_marked() -> None:
    narrow = [line[:100] for line in (DATA / "pleg-ps.txt").read_text().splitlines()]
    facts = [fact for fact in parsed(Document("x", "\n".join(narrow).encode())) if isinstance(fact, ProcessSeen)]
    assert any(fact.cut for fact in facts if "containerd" in fact.command)
    assert not any(fact.cut for fact in facts if fact.program == "pause")


def test_lines_that_are_no_rows_are_reported_with_their_place() -> None:
    text = "    PID    PPID COMMAND\n    1       0 init\nerror: list of process IDs must follow -p\n"
    problems = [fact for fact in parsed(Document("x", text.encode(), first_line=10)) if isinstance(fact, Unparsed)]
    assert [(problem.at.line, "message" in problem.why) for problem in problems] == [(12, True)]


def test_other_tables_are_not_taken_for_process_lists() -> None:
    assert score("NAME   READY   STATUS    RESTARTS   AGE\nweb    1/1     Running   0          5m\n") == 0.0
    assert score("goroutine 1 [running]:\nmain.main()\n") == 0.0


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    score(text, text)
    for fact in parsed(Document("x", text.encode("utf-8", "replace"))):
        assert not isinstance(fact, Document)
        assert fact.at.line


@given(st.sampled_from(FULL), st.data())
def test_mutated_lists_are_survived(name: str, data: st.DataObject) -> None:
    original = (DATA / f"{name}.txt").read_bytes()
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 200)))
    mutated = original[:start] + data.draw(st.binary(max_size=40)) + original[end:]
    command = data.draw(st.sampled_from([None, "ps -ef", "ps -eo pid,args", "pgrep x", "ps aux | grep x", "top -b"]))
    list(FORMAT.parse(Document("x", mutated, command=command)))
