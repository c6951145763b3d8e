"""Odoo's Python shell on the demo database."""

import subprocess

from tools import odoo_env, project


def run(arguments, databases):
    command = odoo_env.command(databases.ensure_demo(), "shell")
    return subprocess.run([*command, *arguments], cwd=project.ROOT, check=False).returncode
