from odoo import api, fields, models


class ArInterestRate(models.Model):
    """A dated rate in percent: of a published reference rate, or agreed in a contract.

    Applies from its day until the next one.
    """

    _name = "ar.interest.rate"
    _description = "Interest Rate"
    _order = "date_from desc, id desc"
    _rec_name = "date_from"

    reference_id = fields.Many2one("ar.interest.reference", index="btree_not_null", ondelete="cascade")
    scheme_id = fields.Many2one("ar.interest.scheme", index="btree_not_null", ondelete="cascade")
    date_from = fields.Date(string="From", required=True, help="First day on which the rate applies.")
    rate = fields.Float(
        string="Rate (%)",
        digits=(9, 4),
        required=True,
        aggregator=False,
        help="Percent a year; percent a day where the scheme says so.",
    )
    source = fields.Char(help="Where the figure was read, or the contract that agrees it.")

    _one_parent = models.Constraint(
        "CHECK ((reference_id IS NULL) <> (scheme_id IS NULL))",
        "A rate belongs to a reference rate or to a scheme.",
    )
    _reference_date_uniq = models.UniqueIndex(
        "(reference_id, date_from) WHERE reference_id IS NOT NULL",
        "A reference rate has one figure from a day on.",
    )
    _scheme_date_uniq = models.UniqueIndex(
        "(scheme_id, date_from) WHERE scheme_id IS NOT NULL", "A scheme has one rate from a day on."
    )

    @api.model_create_multi
    def create(self, vals_list):
        rates = super().create(vals_list)
        rates.reference_id._close_reminders()
        return rates

    @api.model
    def _load_records(self, data_list, update=False):
        # A figure that a later version of the addon ships may have been entered by hand before: that stays.
        self._adopt_entered(data_list)
        return super()._load_records(data_list, update)

    def _adopt_entered(self, data_list):
        """Give shipped figures whose day is entered already the row that is there."""
        names = self.env["ir.model.data"]
        for data in data_list:
            values = data["values"]
            if data.get("xml_id") and values.get("reference_id") and values.get("date_from"):
                entered = self.search(
                    [
                        ("reference_id", "=", values["reference_id"]),
                        ("date_from", "=", values["date_from"]),
                    ]
                )
                if entered and not self.env.ref(data["xml_id"], raise_if_not_found=False):
                    names._update_xmlids([{"xml_id": data["xml_id"], "record": entered, "noupdate": True}])
