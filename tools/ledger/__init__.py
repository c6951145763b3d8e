"""Load a receivables ledger from a CSV file into an Odoo database: see `reading` and `loading`."""
