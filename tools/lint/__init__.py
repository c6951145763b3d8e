"""Checks of our own: what Odoo would only find when it loads the addon, or not at all."""
