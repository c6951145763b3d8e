from datetime import timedelta
from io import BytesIO
from unittest.mock import patch

from pypdf import PdfReader

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_actions_report import IrActionsReport

from .common_dunning import DunningCase


@tagged("post_install", "-at_install")
class TestDunningPrint(DunningCase):
    """Many letters from one process: each has its own pages, all of them, and no other's."""

    def make_long_invoice(self, partner, terms):
        """One invoice with as many instalments as ``terms``: a letter of several pages."""
        term = self.env["account.payment.term"].create(
            {
                "name": f"{terms} instalments",
                "line_ids": [
                    Command.create(
                        {
                            "value": "percent",
                            "value_amount": 100.0 / terms,
                            "nb_days": number,
                            "delay_type": "days_after",
                        }
                    )
                    for number in range(terms)
                ],
            }
        )
        return self.make_invoice(
            days=0,
            amount=100.0 * terms,
            partner=partner,
            invoice_date=self.today - timedelta(days=20 + terms),
            invoice_date_due=False,
            invoice_payment_term_id=term.id,
        )

    def pages(self, content):
        return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(content)).pages]

    def test_each_letter_gets_all_its_pages_and_no_other(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        euro = self.env.ref("base.EUR")
        euro.active = True
        long = self.make_customer("Lang AG")
        chinese = self.make_customer("Hengda", lang="zh_CN")
        self.make_invoice(days=20)
        self.make_invoice(days=20, amount=70, currency=euro)
        self.make_long_invoice(long, 80)
        self.make_invoice(days=20, partner=chinese)
        letters = self.propose().letter_ids.sorted("id")
        self.assertEqual(len(letters), 4)
        self.assertEqual(len(letters.currency_id), 2)
        runs = []
        original = IrActionsReport._run_wkhtmltopdf

        def spy(report, bodies, **kwargs):
            runs.append(len(bodies))
            return original(report, bodies, **kwargs)

        with patch.object(IrActionsReport, "_run_wkhtmltopdf", spy):
            documents = letters._render_pdfs()
        self.assertEqual(runs, [1, 1], "one process a language")
        for letter in letters:
            pages = self.pages(documents[letter.id])
            text = " ".join(pages)
            self.assertIn(letter.name, pages[0])
            for other in letters - letter:
                self.assertNotIn(other.name, text)
            self.assertEqual(len(pages) > 1, letter.partner_id == long)
        pages = self.pages(documents[letters.filtered(lambda letter: letter.partner_id == long).id])
        for number, page in enumerate(pages, start=1):
            self.assertIn(f"{number} / {len(pages)}", page)
        amounts = sum(page.count("100.00") for page in pages)
        self.assertGreaterEqual(amounts, 80, "an instalment is missing")

        joint = letters._render_joint_pdf()
        self.assertEqual(
            self.pages(joint), [page for letter in letters for page in self.pages(documents[letter.id])]
        )

    @mute_logger("odoo.addons.ar_credit_control.models.document.ar_document_print_mixin")
    def test_letters_that_cannot_be_told_apart_are_printed_one_by_one(self):
        # The colour of the company is that of the second letter's mark.
        self.company.primary_color = "#fefffe"
        for name in ("Eins", "Zwei", "Drei"):
            self.make_invoice(days=20, partner=self.make_customer(name))
        letters = self.propose().letter_ids
        for letter_id, content in letters._render_pdfs().items():
            [page] = self.pages(content)
            self.assertIn(letters.browse(letter_id).name, page)

    def test_statements_do_not_grow_with_letters(self):
        for number in range(6):
            self.make_invoice(days=20, partner=self.make_customer(f"Customer{number} GmbH"))
        letters = self.propose().letter_ids

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some._render_pages()
            return self.env.cr.sql_log_count - before

        count(letters)
        self.assertEqual(count(letters), count(letters[:2]))

    def test_letters_of_a_run_are_one_document_as_they_went_out(self):
        self.policy.user_id = self.collector
        for name in ("Zeta", "Alpha"):
            self.make_invoice(days=20, partner=self.make_customer(name, email=False))
        run = self.propose()
        run.with_user(self.other_controller).action_approve_all()
        run.letter_ids.sudo()._queue()
        self.assertEqual((run.post_count, run.task_count), (2, 2))
        # What is sent is evidence: it does not follow the company's new name.
        name, self.company.name = self.company.name, "Renamed Ltd"
        letters = run.with_user(self.collector)._get_letters_to_post()
        self.assertEqual(letters.mapped("partner_name"), ["Alpha", "Zeta"])
        action = run.with_user(self.collector).action_print_post()
        self.assertEqual(action["context"]["active_ids"], letters.ids)
        content, _kind = (
            self.env["ir.actions.report"]
            .with_user(self.collector)
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf("ar_credit_control.report_dunning_letter", letters.ids)
        )
        first, second = self.pages(content)
        self.assertIn("Alpha", first)
        self.assertIn("Zeta", second)
        self.assertIn(name, first)
        self.assertNotIn("Renamed", first)
        action = run.with_user(self.collector).action_mark_posted()
        posting = self.env[action["res_model"]].with_user(self.collector).browse(action["res_id"])
        self.assertEqual(posting.line_ids.mapped("partner_name"), ["Alpha", "Zeta"])
        posting.action_post()
        self.assertEqual(set(run.letter_ids.mapped("state")), {"sent"})
        self.assertFalse(run.letter_ids.activity_ids)

    def test_letters_of_others_are_not_printed(self):
        self.make_invoice(days=20)
        letter = self.propose().letter_ids
        with self.assertRaises(Exception) as error:
            self.env["ir.actions.report"].with_user(self.seller)._render_qweb_pdf_prepare_streams(
                "ar_credit_control.report_dunning_letter", {}, res_ids=letter.ids
            )
        self.assertEqual(type(error.exception).__name__, "AccessError")
