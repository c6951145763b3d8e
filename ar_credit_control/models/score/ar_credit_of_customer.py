from odoo import api, fields, models
from odoo.tools import SQL


class ArCreditOfCustomer(models.AbstractModel):
    """What is known about a customer in one root company: kept, archived when wrong, never deleted."""

    _name = "ar.credit.of.customer"
    _description = "Knowledge About a Customer"
    _inherit = ["ar.customer.evidence.mixin"]

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        help="The company that owes. Choosing a contact chooses its company.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company._credit_root(),
        domain=[("parent_id", "=", False)],
    )
    active = fields.Boolean(default=True)

    @api.model
    def _get_keep_text(self):
        return self.env._("What a decision may rest on is kept as evidence: archive it instead.")

    @api.model
    def _get_latest(self, partner_ids, root, date_field, names, condition=None, per=()):
        """Return the newest record of each customer, in one statement. Internal: no access check.

        :param partner_ids: ids of commercial partners
        :param root: root company
        :param str date_field: the newest of this date counts, of the same day the last one typed
        :param names: fields to read
        :param condition: further condition on the alias ``known``
        :param per: fields of which each value has a newest record of its own
        :return: list of tuples (commercial partner id, per…, names…)
        """
        self.flush_model()
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        keys = [SQL("partner.commercial_partner_id"), *(SQL.identifier("known", name) for name in per)]
        behaviour = self.env["ar.credit.behaviour"]
        return self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (%(keys)s) %(columns)s
                  FROM %(table)s known
                  JOIN res_partner partner ON partner.id = known.partner_id
                 WHERE known.active
                   AND known.company_id = %(root_id)s
                   AND %(wanted)s
                   AND %(condition)s
              ORDER BY %(keys)s, %(date)s DESC, known.id DESC
                """,
                keys=SQL(", ").join(keys),
                columns=SQL(", ").join([*keys, *(SQL.identifier("known", name) for name in names)]),
                table=SQL.identifier(self._table),
                root_id=root.id,
                wanted=behaviour._wanted_sql(SQL("partner.commercial_partner_id"), partner_ids),
                condition=condition or SQL("TRUE"),
                date=SQL.identifier("known", date_field),
            )
        )
