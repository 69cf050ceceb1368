"""The registered tasks; see `evolearn.tasks.base.register_task`."""

from typing import Any

#: Classes of tasks by their names.
TASKS: dict[str, Any] = {}
