from odoo import fields, models
from odoo.fields import Command, Domain

from .ar_collection_case import REASONS


class ArCollectionActivity(models.Model):
    """A contact from which a write-off follows: what an insolvent customer will not pay any more."""

    _inherit = "ar.collection.activity"

    writeoff_id = fields.Many2one(
        "ar.writeoff",
        string="Write-off",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="What was drafted to be written off.",
    )

    def _draft_writeoff(self):
        """Draft the write-off of all that is open, with the reason, words and files of this contact.

        What another write-off asks for already is left out. Internal: collectors draft, others approve.

        :return: the draft, empty when nothing is left to write off
        """
        self.ensure_one()
        writeoffs = self.env["ar.writeoff"]
        items = self._get_items_to_write_off()
        if not items:
            return writeoffs
        writeoff = writeoffs._create_from_items(
            items,
            self.env.ref(REASONS[self.reason_id.follow_up], raise_if_not_found=False),
            note=self.summary,
        )
        if files := self.sudo().attachment_ids:  # sudo: files that were just given to the contact
            files = files._give_to(writeoff)
            writeoff._write_evidence({"document_ids": [Command.set(files.ids)]})
        self.sudo().writeoff_id = writeoff  # sudo: nobody writes contacts; part of logging it
        return writeoff

    def _get_items_to_write_off(self):
        """Return what the customer owes and no other write-off asks for; a recovery is cancelled instead."""
        items = self.env["ar.item.settlement"]._get_claims(self.partner_id, self.company_id)
        lines = self.env["ar.writeoff.line"].sudo()  # sudo: by whomever it was asked for
        taken = lines.search(
            Domain("move_id", "in", items.move_id.ids)
            & Domain("amount", ">", 0)
            & Domain("writeoff_id.state", "in", ("draft", "submitted", "approved"))
        )
        keys = {(line.move_id, line.date_maturity) for line in taken}
        recoveries = self.env["ar.writeoff.recovery"].sudo()  # sudo: which entries they are
        charges = recoveries.search([("move_id", "in", items.move_id.ids)]).move_id
        return items.filtered(
            lambda item: item.move_id not in charges and (item.move_id, item.date_maturity) not in keys
        )

    def _take_place_of(self, former):
        result = super()._take_place_of(former)
        if not self.writeoff_id:
            # sudo: nobody writes contacts; the caller checked who corrects
            self.sudo().writeoff_id = former.sudo().writeoff_id
        return result
