from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    writeoff_account_id = fields.Many2one(
        "account.account",
        string="Write-off Account",
        check_company=True,
        ondelete="restrict",
        domain=[("account_type", "in", ("expense", "expense_other"))],
        help="Loss on what is written off, where no provision policy names an account.",
    )
    writeoff_journal_id = fields.Many2one(
        "account.journal",
        string="Write-off Journal",
        check_company=True,
        ondelete="restrict",
        domain=[("type", "=", "general")],
        help="Empty: the journal of the provision policy, else the first general journal.",
    )
    writeoff_tax = fields.Selection(
        [("none", "Written off with the claim"), ("reverse", "Taken back from the tax authority")],
        string="Tax of Written-off Invoices",
        default="none",
        required=True,
        help="Whether a bad debt reduces the output tax depends on the country: in most of Europe it does "
        "under conditions, in China it does not.",
    )
    writeoff_statement = fields.Selection(
        [("left_out", "Left out, and reserved"), ("claimed", "Still claimed in full")],
        string="Written-off Claims in Statements",
        default="left_out",
        required=True,
        help="The customer still owes what was written off; no statement of account shows the write-off.",
    )
