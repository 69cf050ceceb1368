"""How much memory a worker may take, from what the machine or its control group has."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

# What is left to the parent, to other processes, and to the moment between two looks at a
# worker's memory.
SHARE_FOR_WORKERS = 0.8


def default_memory_limit(n_workers: int, root: Path = Path("/")) -> int | None:
    """Return the bytes that each of `n_workers` may take beyond its baseline.

    Four fifths of what is free now, by the machine's own account or by the tightest control
    group (containers, batch systems), divided by the workers. None where the system does not
    tell.

    Examples
    --------
    >>> from evolearn.execution.memory import default_memory_limit
    >>> one, two = default_memory_limit(1), default_memory_limit(2)
    >>> one is None or two < one
    True
    """
    free = [bytes_ for bytes_ in _free(root) if bytes_ is not None]
    return int(SHARE_FOR_WORKERS * min(free) / n_workers) if free else None


def _free(root: Path) -> Iterator[int | None]:
    yield _available(root / "proc/meminfo")
    # Version 2 of control groups, then version 1.
    for controller, folder, limit, used in (
        ("", "sys/fs/cgroup", "memory.max", "memory.current"),
        ("memory", "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        for group in _groups(root, controller):
            most = _number(root / folder / group / limit)
            current = _number(root / folder / group / used)
            if most is not None and current is not None:
                # Pages of files count as used, but go when they are needed: what they hold
                # back cannot be told apart here, so at least a tenth of the limit is free.
                yield max(most - current, most // 10)


def _groups(root: Path, controller: str) -> list[str]:
    """Return the control group of this process and those around it, the outermost "" last.

    In a container the group may be named as it is outside, where it cannot be found.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return [""]
    named = (line.split(":", 2) for line in lines if line.count(":") >= 2)
    for _, controllers, path in named:
        if controller in controllers.split(","):
            group = PurePosixPath(path.strip("/"))
            return ["" if str(g) == "." else str(g) for g in (group, *group.parents)]
    return [""]


def _available(meminfo: Path) -> int | None:
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    kilobytes = fields.get("MemAvailable", "").split()
    return int(kilobytes[0]) * 1024 if kilobytes else None


def _number(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None  # "max" is no limit
