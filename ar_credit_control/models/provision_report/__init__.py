from . import (
    ar_provision_print_mixin,
    ar_provision_table_mixin,
    ar_provision_backtest_print,
    ar_provision_coverage,
    ar_provision_coverage_report,
    ar_provision_derivation_print,
    ar_provision_movement_report,
    ar_provision_movement_report_line,
    ar_provision_run_print,
    ar_provision_xlsx,
    ir_actions_report,
)
