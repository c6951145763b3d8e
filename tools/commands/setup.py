"""Everything that can be made ahead: the environment (made by now) and the databases."""


def run(_arguments, databases):
    databases.ensure_addon()
    databases.ensure_demo()
    return 0
