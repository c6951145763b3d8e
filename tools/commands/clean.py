"""Stop and remove what the set-up made: this clone's cluster, databases, files; with --all the cache, too."""

import argparse
import os
import shutil

from tools import locks, project
from tools.console import note, step
from tools.setup import postgres


def run(arguments):
    parser = argparse.ArgumentParser(prog="make clean")
    parser.add_argument("--all", action="store_true", help="the cache of downloads, too")
    options = parser.parse_args(arguments)
    for demo in sorted(project.LOCKS.glob("demo-*")):
        locks.end_holder(demo)
    if project.STATE.exists():
        step(f"Removing {project.STATE} and its database cluster")
        postgres.remove_cluster()
        shutil.rmtree(project.STATE)
    if os.geteuid() == 0:
        postgres.remove_orphans()
    if options.all and project.CACHE.exists():
        step(f"Removing {project.CACHE}")
        shutil.rmtree(project.CACHE)
    elif project.CACHE.exists():
        note(f"kept for the next time: {project.CACHE} (make clean ALL=1 removes it)")
