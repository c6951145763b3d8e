"""Measure: the benchmarks themselves are in tools/bench."""

from tools import processes, project


def run(arguments, databases):
    databases.ensure_addon()
    with processes.child(processes.as_module("tools.bench", *_own(arguments)), cwd=project.ROOT) as bench:
        return bench.wait()


def _own(arguments):
    return arguments[1:] if arguments[:1] == ["--"] else arguments
