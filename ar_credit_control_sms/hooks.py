def uninstall_hook(env):
    """Letters whose SMS waits go another way: nobody would hear what became of it."""
    waiting = env["ar.dunning.letter"].search([("channel", "=", "sms"), ("state", "=", "queued")])
    waiting._cancel_sms()
    reason = env._("Letters go by SMS no more.")
    waiting._leave_sms(reason)._mark_failed(reason)
