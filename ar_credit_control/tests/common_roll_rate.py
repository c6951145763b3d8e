from datetime import date

from odoo.fields import Command

from .common_provision import ProvisionCase


class RollRateCase(ProvisionCase):
    """Invoices of 2024, what settled them, and the history that comes of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.last_month = date(2024, 12, 31)

    @classmethod
    def invoice_due(cls, amount, due, **values):
        return cls.make_invoice(
            amount, 0, **{"invoice_date": date(2024, 1, 1), "invoice_date_due": due, **values}
        )

    @classmethod
    def make_entry(cls, day, *lines, **values):
        """A posted entry of lines (account, balance[, partner])."""
        entry = cls.env["account.move"].create(
            {
                "date": day,
                "journal_id": cls.company_data["default_journal_misc"].id,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "debit": max(balance, 0),
                            "credit": max(-balance, 0),
                            "partner_id": partner[0].id if partner else False,
                        }
                    )
                    for account, balance, *partner in lines
                ],
                **values,
            }
        )
        entry.action_post()
        return entry

    @classmethod
    def settle(cls, invoice, amount, day, account=None):
        """Match part of an invoice with an entry on another account: revenue, or one for losses."""
        entry = cls.make_entry(
            day,
            (cls.company_data["default_account_receivable"], -amount, invoice.partner_id),
            (account or cls.company_data["default_account_revenue"], amount),
        )
        cls.match(invoice, entry)
        return entry

    @classmethod
    def match(cls, *moves):
        cls.env["account.move"].union(*moves).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()

    @classmethod
    def derive(cls, **values):
        derivation = cls.env["ar.provision.derivation"].create(
            {"policy_id": cls.policy.id, "date_to": cls.last_month, "months": 12, **values}
        )
        derivation.action_compute()
        return derivation

    @staticmethod
    def by_age(derivation, segment=None):
        """The results of everyone else or a segment, youngest bucket first."""
        return derivation.result_ids.filtered(
            lambda result: result.segment_id == (segment or result.segment_id.browse())
        ).sorted("bucket_age")
