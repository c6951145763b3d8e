from odoo import models
from odoo.tools import html2plaintext

from .dunning_presets import TEXTS


class ArDunningStage(models.Model):
    _inherit = "ar.dunning.stage"

    def _translate_preset(self, code, source, target):
        """Write the texts ``target`` where this stage still shows the English ones of ``source``."""
        self.ensure_one()
        translated = self.with_context(lang=code)
        texts = {
            field: target[field]
            for field in TEXTS
            if field in source
            and html2plaintext(self[field] or "") == html2plaintext(source[field])
            and html2plaintext(translated[field] or "") == html2plaintext(source[field])
        }
        translated.write(texts)

    def _prepare_placeholders(self, letter):
        """Add ``{complaint}``: where a small firm may complain about a large one, if order 802 applies."""
        complaint = ""
        if self.policy_id.cites_order_802 or letter.falls_under_order_802:
            complaint = self.env._(
                "We are a small or medium enterprise and said so when the contract was made. By the "
                "Regulation on Ensuring Payments to Small and Medium Enterprises (State Council order No. "
                "802) we may complain about late payment by public bodies and large enterprises on the "
                "national registration (complaint) platform for overdue payments to small and medium "
                "enterprises."
            )
        return super()._prepare_placeholders(letter) | {"complaint": complaint}
