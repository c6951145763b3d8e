from . import (
    account_move,
    ar_credit_profile,
    ar_provision_cell,
    ar_provision_comparison,
    ar_provision_line,
    ar_provision_movement,
    ar_provision_run,
    ar_provision_run_change,
    ar_provision_run_posting,
    ar_provision_valuation,
    res_partner,
)
