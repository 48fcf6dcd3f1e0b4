"""Downstream tasks on frozen features: small, standard, and split so that none can leak."""

from grounding.probes.tasks.features import Features, features_of
from grounding.probes.tasks.record import Task, TaskScore
from grounding.probes.tasks.reordering import Reordered, reordered
from grounding.probes.tasks.running import run_task
from grounding.probes.tasks.superb import Leaderboard, Published, read_leaderboard
from grounding.probes.tasks.table import TASKS

__all__ = [
    "TASKS",
    "Features",
    "Leaderboard",
    "Published",
    "Reordered",
    "Task",
    "TaskScore",
    "features_of",
    "read_leaderboard",
    "reordered",
    "run_task",
]
