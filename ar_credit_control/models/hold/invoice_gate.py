from odoo import models


def _make_gate(post):
    def _post(self, soft=True):
        return self._credit_gate(post, soft)

    _post.__doc__ = post.__doc__
    _post.is_credit_gate = True
    return _post


class AccountMove(models.Model):
    """Wraps the finished ``_post``, as the order's gate wraps ``action_confirm``, for the same reason."""

    _inherit = "account.move"

    def _register_hook(self):
        super()._register_hook()
        model_class = self.env.registry["account.move"]
        post = model_class._post
        if not getattr(post, "is_credit_gate", False):
            model_class._post = _make_gate(post)

    def _unregister_hook(self):
        model_class = self.env.registry["account.move"]
        if getattr(model_class.__dict__.get("_post"), "is_credit_gate", False):
            del model_class._post
        return super()._unregister_hook()
