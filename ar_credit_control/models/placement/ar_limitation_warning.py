from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class ArLimitationWarning(models.Model):
    """That a person was told of a limitation date: once for each date and each step of warning.

    A date that moves, because something restarted the clock, is warned of again.
    """

    _name = "ar.limitation.warning"
    _description = "Warning of a Limitation Date"
    _inherit = ["ar.item.mixin"]
    _order = "limitation_date, id"

    limitation_date = fields.Date(string="Sue By", required=True, readonly=True)
    level = fields.Selection(
        [("first", "First"), ("last", "Last")], string="Warning", required=True, readonly=True
    )
    user_id = fields.Many2one("res.users", string="Told", readonly=True, ondelete="restrict")

    _warning_uniq = models.UniqueIndex(
        "(company_id, move_id, partner_id, date_maturity, limitation_date, level)",
        "A limitation date is warned of once.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Warnings of limitation dates are kept as evidence."))

    @api.model
    def _cron_warn(self):
        """Tell who collects from a customer of limitation dates that come near, customer by customer."""
        due = self._select_due()
        self.env["ar.schedule"]._handle_each(
            list(due),
            lambda customer: self._warn_customer(*customer, due[customer]),
            self._report_unwarned,
        )

    @api.model
    def _report_unwarned(self, customer, error):
        """Ask a person to look at the dates of a customer whom the schedule could not warn of, once."""
        root, partner = customer
        profile = self.env["ar.credit.profile"]._get_or_create(partner, root)
        user = self._get_responsible(profile)
        summary = profile.with_context(lang=user.lang).env._(
            "Look at the limitation dates yourself: the schedule could not"
        )
        if user and summary not in profile.activity_ids.mapped("summary"):
            profile.activity_schedule(
                "ar_credit_control.mail_activity_limitation",
                user_id=user.id,
                summary=summary,
                note=Markup("<p>%s</p>") % error,
            )

    @api.model
    def _select_due(self):
        """Return ``{(root company, customer): [(item id, limitation date, level), …]}`` not warned of yet."""
        due = {}
        for root in self.env["res.company"].search([("parent_id", "=", False)]):
            self.env.flush_all()
            self.env["ar.aging.report"]._switch_off_jit()
            for item_id, partner_id, date, level in self.env.execute_query(self._due_sql(root)):
                key = (root, self.env["res.partner"].browse(partner_id))
                due.setdefault(key, []).append((item_id, date, level))
        return due

    @api.model
    def _due_sql(self, root) -> SQL:
        return SQL(
            """
            SELECT item.id, item.partner_id, item.limitation_date, step.level
              FROM (%(report)s) item
              JOIN (VALUES ('first', %(first)s), ('last', %(last)s)) step (level, days)
                ON item.days_left BETWEEN 0 AND step.days
             WHERE item.company_id = %(root)s
               AND item.status IN ('running', 'soon')
               AND NOT EXISTS (
                   SELECT FROM ar_limitation_warning warning
                     JOIN res_partner debtor ON debtor.id = warning.partner_id
                    WHERE warning.move_id = item.move_id
                      AND debtor.commercial_partner_id = item.partner_id
                      AND warning.date_maturity = item.date_maturity
                      AND warning.limitation_date = item.limitation_date
                      AND warning.level = step.level)
          ORDER BY item.partner_id, item.limitation_date, item.id
            """,
            report=self.env["ar.limitation.report"]._report_sql(),
            root=root.id,
            first=root.credit_limitation_warn_days,
            last=root.credit_limitation_last_days,
        )

    @api.model
    def _warn_customer(self, root, partner, rows):
        profile = self.env["ar.credit.profile"]._get_or_create(partner, root)
        user = self._get_responsible(profile)
        items = self.env["account.move.line"].browse(list(dict.fromkeys(item_id for item_id, *_ in rows)))
        by_id = {item.id: item for item in items}
        claims = self.env["ar.limitation.report"].browse(items.ids)
        self.create(
            [
                {
                    **self._prepare_journal_item_values(by_id[item_id]),
                    "limitation_date": date,
                    "level": level,
                    "user_id": user.id,
                }
                for item_id, date, level in rows
            ]
        )
        if not user:
            return
        first = min(date for _item, date, _level in rows)
        profile.activity_schedule(
            "ar_credit_control.mail_activity_limitation",
            first,
            user_id=user.id,
            summary=profile.with_context(lang=user.lang).env._(
                "Sue, or obtain a written acknowledgement: %(amount)s. Items: %(count)s",
                amount=root.currency_id.format(sum(claims.mapped("amount"))),
                count=len(items),
            ),
        )

    @api.model
    def _prepare_journal_item_values(self, item):
        """Return what identifies a journal item, which is open or was written off."""
        move = item.move_id
        return {
            "move_line_id": item.id,
            "move_id": move.id,
            "partner_id": item.partner_id.commercial_partner_id.id,
            "company_id": item.company_id.id,
            "currency_id": item.currency_id.id,
            "name": move.name,
            "ref": move.ref,
            "invoice_date": move.invoice_date or item.date,
            "date_maturity": item.date_maturity or item.date,
        }

    @api.model
    def _follow_items(self, partners, customer):
        self._merge_partners(partners, customer)
        return super()._follow_items(partners, customer)

    @api.model
    def _merge_partners(self, partners, destination):
        """Keep the first of warnings that merged partners make the same: instalment, date and step."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM ar_limitation_warning
                 WHERE id IN (SELECT id
                                FROM (SELECT id,
                                             ROW_NUMBER() OVER (
                                                 PARTITION BY company_id, COALESCE(move_id, -id),
                                                              date_maturity, limitation_date, level
                                                 ORDER BY id) AS place
                                        FROM ar_limitation_warning
                                       WHERE partner_id = ANY(%s)) ranked
                               WHERE place > 1)
                """,
                [*partners.ids, destination.id],
            )
        )
        self.env.invalidate_all()

    @api.model
    def _get_responsible(self, profile):
        """Return the collector of the customer, else a credit manager of the company."""
        disputes = self.env["ar.dispute"]
        user = profile.collector_id
        return (
            user if disputes._may_own(user, profile.company_id) else disputes._get_manager(profile.company_id)
        )
