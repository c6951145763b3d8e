from . import (
    ar_credit_authority,
    ar_provision_account,
    ar_provision_assessment,
    ar_provision_assessment_flow,
    ar_provision_bucket,
    ar_provision_matrix,
    ar_provision_policy,
    ar_provision_policy_preset,
    ar_provision_rate,
    ar_provision_segment,
)
