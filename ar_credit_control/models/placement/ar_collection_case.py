from odoo import fields, models


class ArCollectionCase(models.Model):
    _inherit = "ar.collection.case"

    placement_ids = fields.One2many(
        "ar.placement",
        compute="_compute_placement_ids",
        string="Placements",
        help="Placements of the customer.",
    )
    placement_count = fields.Integer(compute="_compute_placement_ids")

    def _compute_placement_ids(self):
        placements = self.env["ar.placement"].search(
            [("partner_id.commercial_partner_id", "in", self._get_customer_ids())]
        )
        by_key = placements.grouped(self._get_customer_key)
        for case in self:
            case.placement_ids = by_key.get(self._get_customer_key(case), False)
            case.placement_count = len(case.placement_ids)

    def action_open_placements(self):
        """Open the placements of this customer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_placement")
        if len(self.placement_ids) == 1:
            return {**action, "res_id": self.placement_ids.id, "views": [(False, "form")]}
        return {**action, "domain": [("id", "in", self.placement_ids.ids)], "context": {}}

    def action_place(self):
        """Open the form that hands items of this customer over to an agency or a lawyer."""
        self.ensure_one()
        return self.profile_id.action_place()

    def action_record_limitation(self):
        """Open the form that records what restarts the limitation of this customer's items."""
        self.ensure_one()
        return self.env["ar.limitation.record"]._open_form(self.profile_id._get_overdue_items())

    # Who has the items of a case: customers join others, and leave them

    def _bring_up_to_date(self):
        self._follow_placements()
        return super()._bring_up_to_date()

    def _follow_placements(self):
        """Bring open cases in line with the running placements of their customers."""
        cases = self.sudo()  # sudo: nobody writes cases
        cases.invalidate_recordset(["placement_ids"])
        names = dict(self._fields["state"]._description_selection(self.env))
        for case in cases:
            running = case.placement_ids.filtered(lambda placement: placement.state == "placed")
            state = running._get_case_state()
            if case.state != state:
                case._set_state(state, names[state])

    def _close_into(self, stays, reason):
        states = {*self.mapped("state"), stays.state}
        result = super()._close_into(stays, reason)
        stays._set_state(next(state for state in ("legal", "agency", "open") if state in states), reason)
        return result
