"""A task and an estimator that wait at a gate, for executors with threads of this process.

Threads share this module's globals because it can be imported: what a test module defines is
pickled by value, so that each copy would have a gate of its own.
"""

from processes import PATIENCE
from sklearn.linear_model import Ridge

gates = {}  # the gate of the present test, a threading.Event, under 0
events = []


def wait_at_gate(task):
    if task == "wait":
        gates[0].wait(PATIENCE)
    return task


class WaitsAtGate(Ridge):
    def fit(self, X, y):
        events.append("begins")
        wait_at_gate("wait")
        events.append("ends")
        return super().fit(X, y)
