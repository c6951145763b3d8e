"""An Odoo environment of the superuser on one database, without a server."""

import os
from contextlib import contextmanager


@contextmanager
def environment(database, config_file=None):
    """Yield an environment; what is not committed inside is rolled back when an exception leaves it.

    Started by make, Odoo and the server are those of the set-up, otherwise those of Odoo's configuration.
    """
    if not config_file and "AR_POSTGRES_PRIVATE" in os.environ:
        from tools import odoo_env

        with odoo_env.environment(database, log_level="warn") as env:
            yield env(context={"lang": "en_US"})
        return
    import odoo
    from odoo.modules.registry import Registry

    arguments = ["--database", database, "--log-level", "warn", "--no-http"]
    if config_file:
        arguments += ["--config", config_file]
    odoo.tools.config.parse_config(arguments, setup_logging=True)
    with Registry(database).cursor() as cr:
        yield odoo.api.Environment(cr, odoo.SUPERUSER_ID, {"lang": "en_US"})
