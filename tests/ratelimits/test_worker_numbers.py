"""Numbers of several processes: together, never lost, never counted twice."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ratelimits.worker_numbers import WorkerNumbers
from tests.running import ROOT

# Adds as often as it is told for each line that it reads, and answers.
PROCESS = """
import sys
from pathlib import Path
from ratelimits.worker_numbers import WorkerNumbers
numbers = WorkerNumbers(3, lambda: Path(sys.argv[1]))
for line in sys.stdin:
    for _ in range(int(line)):
        numbers.add((1, 1))
    print("done", flush=True)
"""
# The same numbers in a parent that has begun already, and in its fork.
FORK = """
import os, sys
from pathlib import Path
from ratelimits.worker_numbers import WorkerNumbers
numbers = WorkerNumbers(3, lambda: Path(sys.argv[1]))
numbers.add((1, 10))
child = os.fork()
for _ in range(20_000):
    numbers.add((1, 1))
if child:
    os.waitpid(child, 0)
    print(numbers.totals()[1], len(list(Path(sys.argv[1]).iterdir())))
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "metrics"


@pytest.fixture
def numbers(folder):
    return WorkerNumbers(3, lambda: folder)


@pytest.fixture
def start(folder):
    """Another process that counts in the same folder."""
    started = []

    def begin():
        words = [sys.executable, "-c", PROCESS, str(folder)]
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        with process:
            process.kill()


def count(process, times):
    process.stdin.write(f"{times}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "done\n"


def test_one_process_counts_in_its_memory():
    numbers = WorkerNumbers(3, lambda: None)
    numbers.add((1, 1))
    numbers.add((2, 5))
    numbers.add((2, 5))
    assert numbers.totals() == [0, 1, 10]


@pytest.mark.parametrize("kept", [True, False])
def test_threads_lose_no_number(folder, kept):
    def where():
        # While the first one finds its file, the others want to add.
        time.sleep(0.05)
        return folder if kept else None

    numbers = WorkerNumbers(2, where)
    with ThreadPoolExecutor(8) as threads:
        for _ in range(8):
            threads.submit(lambda: [numbers.add((1, 1)) for _ in range(5000)])
    assert numbers.totals() == [0, 40_000]


def test_the_sum_is_that_of_all_processes(numbers, start):
    numbers.add((1, 7), (2, 1))
    one, other = start(), start()
    count(one, 100)
    count(other, 1000)
    assert numbers.totals() == [0, 1107, 1]
    count(one, 1)
    assert numbers.totals() == [0, 1108, 1]


def test_what_a_killed_process_counted_stays(numbers, start):
    process = start()
    count(process, 100)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert numbers.totals() == [0, 100, 0]


def test_a_new_process_goes_on_in_the_file_of_an_ended_one(numbers, folder, start):
    numbers.add((1, 1))
    for _ in range(3):
        process = start()
        count(process, 100)
        process.kill()
        process.wait()
    assert numbers.totals()[1] == 301
    assert sorted(file.name for file in folder.iterdir()) == ["3-0", "3-1"]


def test_two_living_processes_never_share_a_file(numbers, folder, start):
    numbers.add((1, 1))
    processes = [start() for _ in range(3)]
    for process in processes:
        count(process, 1)
    assert len(list(folder.iterdir())) == 4
    assert numbers.totals()[1] == 4


def test_a_fork_counts_in_a_file_of_its_own(folder):
    words = [sys.executable, "-c", FORK, str(folder)]
    done = subprocess.check_output(words, cwd=ROOT, text=True)
    assert done.split() == ["40010", "2"]


def test_another_version_is_not_read(numbers, folder):
    numbers.add((1, 1))
    WorkerNumbers(4, lambda: folder).add((3, 1))
    assert numbers.totals() == [0, 1, 0]


def test_nobody_else_reads_or_writes_the_numbers(numbers, folder):
    numbers.add((1, 1))
    assert folder.parent.stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "3-0").stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_used_ends_no_request_but_is_told(tmp_path, caplog):
    (tmp_path / "file").touch()
    numbers = WorkerNumbers(3, lambda: tmp_path / "file" / "metrics")
    numbers.add((1, 1))
    numbers.add((1, 1))
    with pytest.raises(OSError, match="exists"):
        numbers.totals()
    assert len(caplog.records) == 1
