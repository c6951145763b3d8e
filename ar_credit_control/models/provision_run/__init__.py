from . import (
    ar_provision_cell,
    ar_provision_line,
    ar_provision_movement,
    ar_provision_run,
    ar_provision_run_change,
    ar_provision_run_posting,
    ar_provision_valuation,
)
