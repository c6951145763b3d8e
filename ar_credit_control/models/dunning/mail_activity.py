from odoo import models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    def _action_done(self, feedback=False, attachment_ids=None):
        """Who marks the task of a letter as done has contacted the customer: the letter counts as sent."""
        tasks = self.filtered(lambda activity: activity.res_model == "ar.dunning.letter")
        types = self.env["ar.dunning.letter"]._get_task_types() if tasks else tasks.activity_type_id
        letters = self.env["ar.dunning.letter"].browse(
            tasks.filtered(lambda task: task.activity_type_id in types).mapped("res_id")
        )
        result = super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
        if letters:
            # Who may finish the task says that it is done; nobody has the right to write letters.
            letters.sudo()._mark_contacted()
        return result
