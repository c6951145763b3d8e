from odoo import api, fields, models


class ArCreditProfile(models.Model):
    _inherit = "ar.credit.profile"

    collection_case_ids = fields.One2many("ar.collection.case", "profile_id", string="Collection Cases")

    def write(self, vals):
        result = super().write(vals)
        if "collector_id" in vals:
            # sudo: the collector of a customer works its open case.
            cases = self.env["ar.collection.case"].sudo()
            cases.search([("profile_id", "in", self.ids), ("state", "!=", "closed")]).write(
                {"collector_id": vals["collector_id"]}
            )
        return result

    def action_open_collection_case(self):
        """Open the collection case of the customer; a collector opens a new one if there is none.

        :raise AccessError: for who may not open a case
        """
        self.ensure_one()
        cases = self.env["ar.collection.case"]
        case = cases.search([("profile_id", "=", self.id), ("state", "!=", "closed")])
        if not case:
            self.check_access("read")
            cases._check_works()
            case = cases._get_or_open(self, self.env._("Opened by hand"))
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.collection.case",
            "res_id": case.id,
            "views": [(False, "form")],
        }

    @api.model
    def _search_left_by_collector(self, company):
        """Return the customers of a company whose collector left: letters and mails would still name them."""
        users = self.env["res.users"].sudo().with_context(active_test=False)  # sudo: colleagues who left
        left = users.search([("active", "=", False)])
        return self.sudo().search(  # sudo: the schedule sees all customers
            [("company_id", "=", company.id), ("collector_id", "in", left.ids)]
        )

    def _free_from_collector(self):
        self.write({"collector_id": False})

    def _close(self, successor):
        """Go on with the open cases as those of the customer that these are part of now."""
        done = super()._close(successor)
        for profile in self:
            heir = self._get_or_create(successor, profile.company_id)
            self.env["ar.collection.case"]._follow_profile(profile, heir)
        return done

    def _absorb(self, others, debtor, wizard):
        """Keep one open case of the profiles that become one, and lead to it from the others."""
        self.env["ar.collection.case"]._merge_profiles(self, others, debtor)
        return super()._absorb(others, debtor, wizard)
