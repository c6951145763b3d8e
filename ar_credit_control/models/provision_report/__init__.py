from . import (
    ar_provision_coverage,
    ar_provision_movement_report,
    ar_provision_movement_report_line,
)
