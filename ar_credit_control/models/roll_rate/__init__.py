from . import (
    ar_provision_backtest,
    ar_provision_backtest_line,
    ar_provision_backtest_rate,
    ar_provision_derivation,
    ar_provision_derivation_result,
    ar_provision_derivation_row,
    ar_provision_history,
    ar_provision_matrix,
)
