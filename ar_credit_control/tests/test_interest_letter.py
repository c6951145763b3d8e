import re

from lxml import html

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .common_dunning import DunningCase


@tagged("post_install", "-at_install")
class TestInterestLetter(DunningCase):
    """Letters of stages that claim interest."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scheme = cls.env["ar.interest.scheme"].create(
            {
                "name": "Contract",
                "company_id": cls.company.id,
                "currency_id": cls.company.currency_id.id,
                "rate_ids": [Command.create({"date_from": "2000-01-01", "rate": 10.0})],
                "fee_ids": [Command.create({"amount": 40.0})],
            }
        )
        cls.policy.interest_scheme_id = cls.scheme
        cls.first.claims_interest = True
        cls.interest = round(1000 * 0.1 * 10 / 365, 2)

    def claims(self):
        return self.env["ar.interest.claim"].search([("partner_id", "=", self.customer.id)])

    def test_letter_states_interest_and_claims_it_when_sent(self):
        invoice = self.make_invoice(10, 1000.0)
        letter = self.propose().letter_ids
        line = letter.line_ids
        self.assertEqual((line.interest, line.fee), (self.interest, 40.0))
        self.assertEqual((letter.amount_interest, letter.amount_fees), (self.interest, 40.0))
        self.assertAlmostEqual(letter.amount_total, 1040 + self.interest)
        self.assertFalse(self.claims(), "nothing is claimed before the letter is sent")
        self.send(letter)
        claim = self.claims()
        self.assertEqual((claim.state, claim.letter_id, claim.move_id), ("claimed", letter, invoice))
        self.assertEqual((claim.amount_interest, claim.amount_fee), (self.interest, 40.0))

    def test_stage_without_claim(self):
        self.first.claims_interest = False
        self.make_invoice(10, 1000.0)
        letter = self.propose().letter_ids
        self.assertEqual((letter.amount_interest, letter.amount_total), (0.0, 1000.0))
        self.send(letter)
        self.assertFalse(self.claims())

    def test_next_letter_repeats_what_was_claimed_until_it_is_posted(self):
        self.second.claims_interest = True
        self.make_invoice(20, 1000.0)
        letter = self.propose().letter_ids
        self.send(letter)
        self.assertEqual(self.claims().state, "claimed")
        letter.sudo().date = fields.Date.subtract(self.today, days=60)  # the days between contacts are over
        again = self.propose().letter_ids
        self.assertEqual(
            (again.amount_interest, again.amount_fees), (letter.amount_interest, letter.amount_fees)
        )
        again.with_user(self.collector).action_drop()
        self.claims().with_user(self.controller).action_post()
        again.sudo().date = letter.date
        third = self.propose().letter_ids
        self.assertEqual((third.amount_interest, third.amount_fees), (0.0, 0.0))

    def test_paid_between_proposal_and_sending(self):
        invoice = self.make_invoice(10, 1000.0)
        letter = self.propose().letter_ids
        self.pay(invoice, 400.0)
        self.send(letter)
        # paid today: today still counts in full
        self.assertEqual(letter.amount_due, 600.0)
        self.assertEqual(letter.amount_interest, self.interest)
        self.assertAlmostEqual(letter.amount_total, 640 + self.interest)

    def test_two_currencies(self):
        euro = self.setup_other_currency("EUR")
        self.make_invoice(10, 1000.0)
        self.make_invoice(10, 1000.0, currency=euro)
        letters = self.propose().letter_ids
        self.assertEqual(len(letters), 2)
        self.assertEqual(set(letters.mapped("amount_interest")), {self.interest})
        self.send(letters)
        self.assertEqual(self.claims().currency_id, euro | self.company.currency_id)

    # what the customer reads

    @staticmethod
    def read_amount(text):
        """The last amount of a text in dollars; None without one."""
        found = re.findall(r"(-?)\$\s*(-?)([\d,]+\.\d\d)", text.replace("\ufeff", ""))
        if not found:
            return None
        *signs, figure = found[-1]
        return float(figure.replace(",", "")) * (-1 if any(signs) else 1)

    def read_rows(self, rows, but=()):
        """Return the sum of the amounts that end these rows, and what they ask to pay."""
        amounts = {text: self.read_amount(text) for text in rows if not any(word in text for word in but)}
        [asked] = [amount for text, amount in amounts.items() if "Please pay" in text]
        rest = [amount or 0.0 for text, amount in amounts.items() if "Please pay" not in text]
        return round(sum(rest), 2), asked

    def test_rows_add_up_to_the_total(self):
        for number in range(17):
            self.make_invoice(10, 1000.0 + number)
        self.make_invoice(
            10, 300.0, move_type="out_refund", invoice_payment_term_id=False, invoice_date=self.today
        )
        letter = self.propose().letter_ids
        self.assertTrue(letter.amount_interest and letter.amount_fees and letter.amount_credit)
        total = round(letter.amount_total, 2)

        mail = html.fromstring(letter._render_mail()[1])
        rows = [" ".join(row.text_content().split()) for row in mail.xpath("//table//tr")]
        self.assertEqual(self.read_rows(rows), (total, total), "mail")

        page = html.fromstring(letter._render_html())
        rows = [
            # the amount of an item stands before its interest and its fixed sum
            " ".join(
                (row.xpath("./td[@class='num']")[0] if row.xpath("./td[5]") else row).text_content().split()
            )
            for row in page.xpath("//table[contains(@class, 'items')]/tbody/tr")
        ]
        self.assertEqual(
            self.read_rows(rows, but=("Total of these items", "Of this overdue", "Amount in capitals")),
            (total, total),
            "page",
        )

        rows = [line for line in letter.message_text.splitlines() if self.read_amount(line) is not None]
        self.assertEqual(self.read_rows(rows), (total, total), "message")

    def test_statements_do_not_grow_with_letters(self):
        def count(names):
            for name in names:
                self.make_invoice(10, 1000.0, partner=self.make_customer(name))
            letters = self.propose().letter_ids
            self.assertEqual(len(letters), len(names))
            letters.mapped("stage_id.claims_interest")
            before = self.env.cr.sql_log_count
            self.assertEqual(len(letters._get_interest()), len(names))
            after = self.env.cr.sql_log_count
            letters.with_user(self.collector).action_drop()
            return after - before

        self.assertEqual(count(["A AG"]), count([f"B{number} AG" for number in range(6)]))
