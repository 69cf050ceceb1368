"""The default memory limit of a worker, from the free memory of the machine."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

# The rest is for the parent, for other processes, and for the growth of a worker between two
# checks of its memory.
SHARE_FOR_WORKERS = 0.8


def default_memory_limit(n_workers: int, root: Path = Path("/")) -> int | None:
    """Bytes that each of `n_workers` may take beyond its baseline; None where unknown.

    Four fifths of the memory that is free now, on the machine or in the tightest control group
    (containers, batch systems), divided by the number of workers.

    Examples
    --------
    >>> from evolearn.execution.local.memory import default_memory_limit
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
                # Cached pages of files count as used, but are released on demand. Their number
                # is not known here, so at least a tenth of the limit is taken as free.
                yield max(most - current, most // 10)


def _groups(root: Path, controller: str) -> list[str]:
    """Control groups of this process, from the innermost to the outermost "".

    In a container the group may have its name from outside, under which it cannot be found.
    """
    lines = _text(root / "proc/self/cgroup").splitlines()
    named = (line.split(":", 2) for line in lines if line.count(":") >= 2)
    for _, controllers, path in named:
        if controller in controllers.split(","):
            group = PurePosixPath(path.strip("/"))
            return ["" if str(g) == "." else str(g) for g in (group, *group.parents)]
    return [""]


def _available(meminfo: Path) -> int | None:
    lines = _text(meminfo).splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    kilobytes = fields.get("MemAvailable", "").split()
    return int(kilobytes[0]) * 1024 if kilobytes else None


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdigit() else None  # "max" is no limit


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
