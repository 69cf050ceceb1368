"""Misbehave in every way known while evolearn fits, and look at what becomes of the fit.

    python benchmarks/faults.py --out faults.jsonl
    python benchmarks/faults.py --out faults.jsonl --names segfault,fork
    python benchmarks/faults.py --out faults.jsonl --table

Each case is a user's script (`fault_script.py`) in a process of its own with a temporary
folder of its own. It passes if what was promised for it holds (docs/execution.md). Each run
appends a JSON line to --out; runs that are there already are not repeated. Exits with 1 if a
case has failed. Linux only: leftovers are looked for in /proc and /dev/shm.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from apart import carrying
from fault_cases import CASES, pids
from suite import commit, read_rows

SCRIPT = Path(__file__).resolve().with_name("fault_script.py")
SHARED_MEMORY = Path("/dev/shm")
TOKEN = "EVOLEARN_FAULTS_CASE"  # in the environment of all that a case starts
GRACE_SECONDS = 5.0  # after which nothing may be left
START_SECONDS = 60.0  # for imports on a slow machine
LEAST_R2 = 0.5  # a model of the target alone has 0, the poorest of the space 0.6
LEAST_OVER_SECONDS, OVER_SHARE = 1.0, 0.02  # what a fit may take beyond its budget


# -- one case -------------------------------------------------------------------------------


def run_case(case, budget):
    """Run a case; return a row of the table."""
    start = time.monotonic()
    segments = set(SHARED_MEMORY.iterdir())
    row = {"name": case.name, "done": case.done, "budget": budget, "commit": commit()}
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        places = {
            name: Path(folder, name) for name in ("temporary", "work", "marks", "journal")
        }
        for place in places.values():
            place.mkdir()
        try:
            mount(case, places[case.disk])
        except subprocess.CalledProcessError as error:
            why = f"a small disk cannot be mounted here: {error.stderr.strip()}"
            return {**row, "verdict": "SKIP", "happened": why}
        try:
            process, told, noise = run_script(case, budget, folder, places)
            ended = time.monotonic()
            while (left := leftovers(folder, places, process.pid, segments)) and (
                time.monotonic() - ended < GRACE_SECONDS
            ):
                time.sleep(0.05)
        finally:
            end_all(folder)
            if case.disk_bytes:
                subprocess.run(["umount", "-l", places[case.disk]], check=True)
    problems = check(case, budget, process, told, noise, left)
    return {
        **row,
        "happened": happened(told, process.returncode),
        "over_s": told and told["fit_s"] - budget,
        "r2": told and told["r2"],
        "left": left,
        "seconds": round(time.monotonic() - start, 1),
        "verdict": "FAIL" if problems else "PASS",
        "problems": problems,
    }


def mount(case, folder):
    """Mount a disk of the case's size."""
    if case.disk_bytes:
        options = f"size={case.disk_bytes}"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        subprocess.run(command, check=True, capture_output=True, text=True)


def run_script(case, budget, folder, places):
    """Run the script, meddle; return the ended process, what it told, and its last words."""
    told = Path(folder, "told.json")
    command = [
        sys.executable, SCRIPT, case.fault or case.name, "--before", case.before,
        "--budget", str(budget), "--marks", places["marks"], "--out", told,
    ]  # fmt: skip
    if case.memory_mb:
        command += ["--memory-limit", str(case.memory_mb * 10**6)]
    if case.disk == "journal":
        command += ["--journal", places["journal"]]
    if case.on_sigterm:
        command += ["--on-sigterm", case.on_sigterm]
    if case.closed_streams:
        command = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]
    environment = {**os.environ, "TMPDIR": str(places["temporary"]), TOKEN: folder}
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=places["work"], env=environment,
            preexec_fn=heed_signals,
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS + 3 * budget
        if case.meddling is not None:
            meddle(case.meddling, process, places["marks"], deadline)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=deadline - time.monotonic())
        output.seek(0)
        noise = output.read(10_000)
    result = json.loads(told.read_text(encoding="utf-8")) if told.exists() else None
    return process, result, noise


def heed_signals():
    """Undo what nohup and shells do to processes in the background."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def meddle(meddling, process, marks, deadline):
    """Wait for the moment and do it, unless the script ends before."""
    while process.poll() is None and time.monotonic() < deadline:
        begun = (marks / "fit").exists() if meddling.when == "fit" else pids(marks)
        if begun:
            time.sleep(meddling.delay)
            meddling.act(process, marks)
            return
        time.sleep(0.01)


# -- what is left ---------------------------------------------------------------------------


def leftovers(folder, places, pid, segments):
    """Return the processes, files and segments of shared memory that a case has left."""
    ours = carrying(TOKEN, folder)
    left = [f"process {number}" for number in ours]
    left += [str(path) for path in places["temporary"].iterdir()]
    left += [str(path) for path in places["work"].iterdir()]
    # Where Python's tempfile goes when it cannot write to TMPDIR.
    for elsewhere in ("/tmp", "/var/tmp", "/usr/tmp"):
        left += [str(path) for path in Path(elsewhere).glob(f"evolearn-{pid}-*")]
    new = set(SHARED_MEMORY.iterdir()) - segments
    return left + [str(path) for path in sorted(new) if not is_of_others(path, ours)]


def is_of_others(segment, ours):
    """Tell whether a segment is named after a living process that is none of ours."""
    named = {int(number) for number in re.findall(r"[0-9]+", segment.name)}
    return any(Path(f"/proc/{number}").exists() for number in named - set(ours))


def end_all(folder):
    """End what a case has left running."""
    for number in carrying(TOKEN, folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


# -- the verdict ----------------------------------------------------------------------------


def check(case, budget, process, told, noise, left):
    """Return what is not as it should be."""
    problems = [f"left behind: {', '.join(left)}"] if left else []
    if process.returncode is None:
        return [*problems, "did not end"]
    if process.returncode != case.returncode:
        last = (noise.strip().splitlines() or ["no output"])[-1]
        problems.append(f"exit code {process.returncode}: {last[:300]}")
    if case.returncode or told is None:
        return problems
    if noise:
        problems.append(f"wrote to the terminal: {noise[:100]!r}")
    allowed = max(LEAST_OVER_SECONDS, OVER_SHARE * budget)
    if told["fit_s"] - budget > allowed:
        problems.append(f"fit was late by more than {allowed:g} s")
    if told["r2"] < LEAST_R2:
        problems.append(f"R2 is {told['r2']:.2f}")
    if told["stop_reason"] != case.stop_reason:
        problems.append(f"stop_reason_ is {told['stop_reason']}")
    if not any(case.warning in text for text in [*told["warnings"], ""]):
        problems.append(f"no warning of {case.warning!r}")
    return problems + check_candidates(case, told)


def check_candidates(case, told):
    """Return what is not as it should be with the candidates."""
    # Whatever is at fault with a candidate, it may be begun too late to end in time.
    in_time = [
        (status, reason)
        for status, reason, _ in told["faulty"]
        if case.status == "timed_out" or "given up after" not in reason
    ]
    as_expected = [
        status == case.status
        and re.search(case.reason, reason) is not None
        and bool(reason) == (status != "scored")
        for status, reason in in_time
    ]
    problems = []
    if not any(as_expected) or not (case.some or all(as_expected)):
        problems.append(f"faulty candidates are not all {case.status!r} with {case.reason!r}")
    if not told["others_scored"]:
        problems.append("no other candidate was scored")
    return problems


def happened(told, returncode):
    """Return on one line how it went."""
    if told is None:
        if returncode is not None and returncode < 0:
            return f"ended by {signal.Signals(-returncode).name}"
        return f"no fit, exit code {returncode}"
    ends = [
        f"{count} {status}" + (f": {reason}" if reason else "")
        for status, reason, count in told["faulty"]
    ]
    more = [f"{len(ends) - 2} other reasons"] if len(ends) > 2 else []
    stop = [] if told["stop_reason"] == "time_budget" else [told["stop_reason"]]
    return "; ".join([*ends[:2], *more, f"{told['others_scored']} others scored", *stop])


# -- the table ------------------------------------------------------------------------------

HEADER = (
    f"{'case':24s}{'verdict':>8s}{'over s':>8s}{'R2':>6s}{'left':>6s}  "
    f"{'what was done':62s}  what happened"
)


def describe(row):
    """Return a case as a line of the table."""
    over, r2 = row.get("over_s"), row.get("r2")
    return (
        f"{row['name']:24s}{row['verdict']:>8s}"
        f"{'-' if over is None else f'{over:.2f}':>8s}{'-' if r2 is None else f'{r2:.2f}':>6s}"
        f"{len(row.get('left', ())):6d}  {row['done']:62s}  {row['happened']}"
        + "".join(f"\n{'':24s}-> {problem}" for problem in row.get("problems", ()))
    )


def key(row):
    return row["name"], row["budget"]


def run_cases(args, names):
    """Run what is missing in --out, one case after another."""
    done = {key(row) for row in read_rows(args.out)}
    print(HEADER)
    for name in names:
        if (name, args.budget) in done:
            continue
        row = run_case(CASES[name], args.budget)
        with args.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(describe(row), flush=True)


def print_table(rows):
    print(HEADER)
    for row in rows:
        print(describe(row))
    counts = {
        verdict: sum(row["verdict"] == verdict for row in rows)
        for verdict in ("PASS", "FAIL", "SKIP")
    }
    late = max((row["over_s"] for row in rows if row.get("over_s") is not None), default=0.0)
    print(
        f"\n{len(rows)} cases: {counts['PASS']} passed, {counts['FAIL']} failed, "
        f"{counts['SKIP']} skipped; worst overrun {late:.2f} s; "
        f"commits {', '.join(sorted({row['commit'] for row in rows}))}"
    )


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, appended to")
    parser.add_argument("--budget", type=float, default=7.0, help="seconds for each fit")
    parser.add_argument("--names", default="", help="cases, separated by commas; default all")
    parser.add_argument("--table", action="store_true", help="only print what is in --out")
    return parser.parse_args()


def main():
    args = arguments()
    names = args.names.split(",") if args.names else list(CASES)
    if unknown := sorted(set(names) - set(CASES)):
        sys.exit(f"No case is called {', '.join(unknown)}; there are {', '.join(CASES)}.")
    if not args.table:
        run_cases(args, names)
    rows = [row for row in read_rows(args.out) if row["name"] in names]
    rows.sort(key=lambda row: list(CASES).index(row["name"]))
    if args.table:
        print_table(rows)
    sys.exit(any(row["verdict"] == "FAIL" for row in rows))


if __name__ == "__main__":
    main()
