from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL


class ArCollectionAbsence(models.Model):
    """A collector on leave and who stands in: the cases stay theirs, the worklist goes to the other."""

    _name = "ar.collection.absence"
    _description = "Leave of a Collector"
    _order = "date_from desc, id desc"

    user_id = fields.Many2one(
        "res.users",
        string="Away",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
    )
    substitute_id = fields.Many2one(
        "res.users",
        string="Stands In",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('share', '=', False), ('id', '!=', user_id)]",
    )
    date_from = fields.Date(string="First Day", required=True, default=fields.Date.context_today)
    date_to = fields.Date(string="Last Day", required=True)
    note = fields.Text(help="What the one who stands in should know.")

    _dates_ordered = models.Constraint(
        "CHECK (date_from <= date_to)", "The last day of the leave is before its first day."
    )

    @api.depends("user_id", "date_from")
    def _compute_display_name(self):
        for absence in self:
            absence.display_name = self.env._(
                "%(name)s from %(date)s", name=absence.user_id.name, date=absence.date_from
            )

    @api.constrains("user_id", "substitute_id", "date_from", "date_to")
    def _check_people(self):
        """Nobody is away twice at a time, and who stands in is there.

        :raise ValidationError: naming the leave that stands against it
        """
        for absence in self:
            if absence.user_id == absence.substitute_id:
                raise ValidationError(self.env._("Nobody stands in for oneself."))
            # sudo: leaves of colleagues whom the user may not see stand against it too.
            others = self.sudo().search(
                [
                    ("id", "!=", absence.id),
                    ("date_from", "<=", absence.date_to),
                    ("date_to", ">=", absence.date_from),
                ]
            )
            for other in others:
                if other.user_id == absence.user_id:
                    raise ValidationError(self.env._("%s is away in these days already.", other.user_id.name))
                if other.user_id == absence.substitute_id:
                    raise ValidationError(
                        self.env._("%s cannot stand in: away in these days too.", other.user_id.name)
                    )
                if other.substitute_id == absence.user_id:
                    raise ValidationError(
                        self.env._(
                            "%(name)s stands in for %(other)s in these days: hand that over first.",
                            name=absence.user_id.name,
                            other=other.user_id.name,
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        absences = super().create(vals_list)
        absences._check_own()
        return absences

    def write(self, vals):
        self._check_own()
        result = super().write(vals)
        self._check_own()
        return result

    def unlink(self):
        self._check_own()
        return super().unlink()

    def _check_own(self):
        """A collector hands over own cases; those of others are a controller's matter."""
        if self.env.su or self.env.user.has_group("ar_credit_control.group_credit_controller"):
            return
        if any(absence.user_id != self.env.user for absence in self):
            raise ValidationError(self.env._("You can hand over your own cases only."))

    @api.model
    def _get_stand_ins(self, today):
        """Return who stands in for whom on a day: ``{res.users: res.users}``."""
        self.flush_model()
        rows = self.env.execute_query(self._absent_sql(today))
        users = self.env["res.users"]
        return {users.browse(away): users.browse(stands_in) for away, stands_in in rows}

    @api.model
    def _absent_sql(self, today) -> SQL:
        """Return who is away on a day and who stands in: ``user_id``, ``substitute_id``, one row each.

        Who left the company stands in for nobody.
        """
        return SQL(
            """SELECT absence.user_id, absence.substitute_id
                 FROM ar_collection_absence absence
                 JOIN res_users substitute ON substitute.id = absence.substitute_id AND substitute.active
                WHERE %s BETWEEN absence.date_from AND absence.date_to""",
            today,
        )
