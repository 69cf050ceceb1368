"""Send SIGINT or SIGKILL to a fit at a random moment, and look at what becomes of it.

    python benchmarks/fuzz_signals.py --out signals.jsonl --runs 30
    python benchmarks/fuzz_signals.py --out signals.jsonl --table

After SIGINT, `fit` must return a model that is better than the mean, or raise
KeyboardInterrupt if nothing was evaluated. After SIGKILL, the same fit must go on from its
checkpoint. In both cases nothing may be left: no process, no temporary file, no shared memory.
Each run appends a JSON line to --out; runs that are there already are not repeated. Linux
only.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contained import print_verdicts
from faults import GRACE_SECONDS, SHARED_MEMORY, TOKEN, end_all, heed_signals, leftovers
from resumed import add_out, resumed

BUDGET = 8.0
START_SECONDS, END_SECONDS = 60.0, 60.0
SCRIPT = """
import json, sys
from pathlib import Path
from sklearn.datasets import load_diabetes
from evolearn import EvolutionaryRegressor
X, y = load_diabetes(return_X_y=True)
model = EvolutionaryRegressor(
    time_budget=float(sys.argv[2]), n_jobs=2, random_state=0, journal=sys.argv[1],
    n_iter_no_change=None,
)
Path(sys.argv[1], "started").touch()
model.fit(X, y)
print(json.dumps({
    "r2": model.score(X, y), "stop": model.stop_reason_, "evaluations": model.n_evaluations_,
}))
"""


def run(name, seed):
    """Start a fit, send the signal, and return the verdict."""
    delay = random.Random(f"{name}{seed}").uniform(0.0, BUDGET + 1.0)
    segments = set(SHARED_MEMORY.iterdir())
    with tempfile.TemporaryDirectory(prefix="fuzz-signals-") as folder:
        places = {place: Path(folder, place) for place in ("temporary", "work", "journal")}
        for place in places.values():
            place.mkdir()
        process = start(folder, places)
        try:
            wait_for(places["journal"] / "started", process)
            time.sleep(delay)
            process.send_signal(getattr(signal, name))
            sent = time.monotonic()
            try:
                output, errors = process.communicate(timeout=END_SECONDS)
            except subprocess.TimeoutExpired:
                return {"delay": delay, "verdict": "hang"}
            told = {
                "delay": round(delay, 2),
                "seconds": round(time.monotonic() - sent, 2),
                "returncode": process.returncode,
            }
            while (left := leftovers(folder, places, process.pid, segments)) and (
                time.monotonic() - sent < GRACE_SECONDS
            ):
                time.sleep(0.05)
            if left:
                return {**told, "verdict": "FAULT", "note": f"left: {left}"}
            check = after_kill if name == "SIGKILL" else after_interrupt
            return {**told, **check(folder, places, process, output, errors)}
        finally:
            end_all(folder)


def start(folder, places, budget=BUDGET):
    """Start the script in a process of its own."""
    environment = {**os.environ, "TMPDIR": str(places["temporary"]), TOKEN: folder}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, places["journal"], str(budget)], env=environment,
        cwd=places["work"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=heed_signals,
    )  # fmt: skip


def wait_for(file, process):
    end = time.monotonic() + START_SECONDS
    while not file.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)


def after_interrupt(folder, places, process, output, errors):
    if process.returncode == 0:
        told = json.loads(output.splitlines()[-1])
        good = told["r2"] > 0.2 and told["evaluations"] > 0
        return {**told, "verdict": "a model" if good else "FAULT", "note": errors[-300:]}
    last = errors.strip().splitlines()[-1:]
    if last == ["KeyboardInterrupt"]:
        return {"verdict": "KeyboardInterrupt"}
    if process.returncode == -signal.SIGINT and output.endswith("}\n"):
        # The script was over: Python, about to exit, has given up its handlers.
        return {"verdict": "it had ended"}
    return {"verdict": "FAULT", "note": errors[-500:]}


def after_kill(folder, places, process, output, errors):
    if process.returncode == 0:
        return {"verdict": "it had ended"}
    again = start(folder, places)
    output, errors = again.communicate(timeout=START_SECONDS + END_SECONDS)
    if again.returncode != 0 or "damaged" in errors:
        return {"verdict": "FAULT", "note": errors[-500:]}
    told = json.loads(output.splitlines()[-1])
    return {
        **told,
        "verdict": "continued" if told["r2"] > 0.2 else "FAULT",
        "note": errors[-300:],
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_out(parser)
    parser.add_argument("--runs", type=int, default=30, help="of each signal")
    args = parser.parse_args()
    names = ("SIGINT", "SIGKILL")
    cells = [{"name": name, "seed": seed} for seed in range(args.runs) for name in names]
    rows = resumed(args, cells, run)
    print_verdicts(rows, "name")
    sys.exit(any(row["verdict"] in ("FAULT", "hang") for row in rows))


if __name__ == "__main__":
    main()
