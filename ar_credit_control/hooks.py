def post_init_hook(env):
    """Start from the limits that customers have already."""
    env["ar.credit.profile"]._take_over_core_limits()
