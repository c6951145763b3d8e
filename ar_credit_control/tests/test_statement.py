import io
from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools.pdf import PdfFileReader

from .common_dunning import DunningCase


@tagged("post_install", "-at_install")
class TestStatement(DunningCase):
    def setUp(self):
        super().setUp()
        self.statements = self.env["ar.statement"]

    def _make(self, partners=None, user=None, **options):
        records = self.statements.with_user(user or self.collector)
        return records._make(self.company, partners, date=options.pop("date", self.today), **options)

    def test_closing_balance_is_the_ageing(self):
        self.make_invoice(40, 1000.0)
        late = self.make_invoice(-10, 500.0)
        self.pay(late, 200.0)
        self.make_invoice(5, 300.0, move_type="out_refund")
        statement = self._make(self.customer)
        balance = statement.balance_ids
        self.assertEqual((balance.closing, balance.amount_due, balance.amount_credit), (1000, 1300, 300))
        self.assertEqual(balance.amount_overdue, 1000)
        rows = self.env["ar.aging.report"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(sum(rows.mapped("amount")), statement.total)
        self.assertEqual(sum(balance.ageing.values()), balance.amount_due)

    def test_movements_lead_from_opening_to_closing(self):
        self.make_invoice(100, 1000.0)  # booked 130 days ago
        self.pay(self.make_invoice(10, 400.0), 150.0)
        statement = self._make(self.customer, date_from=self.today - timedelta(days=60))
        balance = statement.balance_ids
        self.assertEqual((balance.opening, balance.charged, balance.settled), (1000, 400, -150))
        self.assertEqual(balance.closing, 1250)
        self.assertEqual(len(statement.line_ids), 2)
        self.assertEqual(sum(balance.ageing.values()), 1250, "items from before the period have an age, too")

    def test_settled_in_another_currency(self):
        """An invoice paid in another currency leaves neither currency open: the statement says so."""
        euro = self.env["res.currency"].search([("id", "!=", self.company.currency_id.id)], limit=1)
        euro.active = True
        invoice = self.make_invoice(10, 100.0, currency=euro)
        self.pay_in_company_currency(invoice)
        statement = self._make(self.customer, date_from=self.today - timedelta(days=90))
        for balance in statement.balance_ids:
            total = balance.opening + balance.charged + balance.settled + balance.other_currency
            self.assertAlmostEqual(total, balance.closing, 2)
            self.assertAlmostEqual(balance.closing, 0, 2)
        self.assertTrue(any(statement.balance_ids.mapped("other_currency")))

    def pay_in_company_currency(self, invoice):
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"currency_id": self.company.currency_id.id, "payment_date": self.today})
        )
        wizard._create_payments()

    def test_figures_are_frozen_and_of_the_date(self):
        invoice = self.make_invoice(40, 1000.0)
        statement = self._make(self.customer)
        self.pay(invoice)
        self.assertEqual(statement.balance_ids.closing, 1000)
        self.assertEqual(self._make(self.customer, date=self.today - timedelta(days=1)).total, 1000)
        self.assertEqual(self._make(self.customer).total, 0)

    def test_two_currencies_in_one_statement(self):
        other = self.env["res.currency"].search([("id", "!=", self.company.currency_id.id)], limit=1)
        other.active = True
        self.make_invoice(40, 1000.0)
        self.make_invoice(20, 70.0, currency=other)
        statement = self._make(self.customer)
        self.assertEqual(len(statement), 1)
        self.assertEqual(
            {balance.currency_id: balance.closing for balance in statement.balance_ids},
            {self.company.currency_id: 1000, other: 70},
        )

    def test_what_we_owe_as_a_customer(self):
        self.make_invoice(40, 1000.0)
        bill = self.make_bill(250.0)
        owed, owing = self._make(self.customer).balance_ids._get_owed()
        self.assertEqual((owed, owing), (1000, 250))
        self.assertEqual(bill.state, "posted")

    def make_bill(self, amount, company=None, currency=None, move_type="in_invoice"):
        company = company or self.company
        journal = self.env["account.journal"].search(
            [("company_id", "parent_of", company.ids), ("type", "=", "purchase")], limit=1
        )
        bill = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": move_type,
                    "company_id": company.id,
                    "journal_id": journal.id,
                    "partner_id": self.customer.id,
                    "currency_id": (currency or company.currency_id).id,
                    "invoice_date": self.today,
                    "invoice_line_ids": [
                        Command.create({"name": "Parts", "price_unit": amount, "tax_ids": [Command.clear()]})
                    ],
                }
            )
        )
        bill.action_post()
        return bill

    def test_first_and_last_day_belong_to_the_period(self):
        first = self.today - timedelta(days=60)
        for days, amount in ((31, 1.0), (30, 10.0), (-30, 100.0)):  # booked the day before, then, and today
            self.make_invoice(days, amount)
        balance = self._make(self.customer, date_from=first).balance_ids
        self.assertEqual((balance.opening, balance.charged, balance.closing), (1, 110, 111))
        yesterday = self._make(self.customer, date_from=first, date=self.today - timedelta(days=1))
        balance = yesterday.balance_ids
        self.assertEqual((balance.opening, balance.charged, balance.closing), (1, 10, 11))

    def test_drafts_deposits_and_other_companies_stay_out(self):
        self.make_invoice(100, 5.0)
        self.make_invoice(10, 1000.0)
        self.make_bill(250.0)
        for days in (100, 10):
            self.make_invoice(days, 70.0).button_draft()
        self.make_bill(8.0).button_draft()
        other = self.setup_other_company()["company"]
        for days in (100, 10):
            self.make_invoice(days, 7000.0, company=other)
        self.make_bill(800.0, company=other)
        receivable, payable = (
            self.company_data[f"default_account_{kind}"].copy({"non_trade": True})
            for kind in ("receivable", "payable")
        )
        for days in (100, 10):
            moved = self.make_invoice(days, 300.0)
            moved.button_draft()
            moved.line_ids.filtered("date_maturity").account_id = receivable
            moved.action_post()
        deposit = self.make_bill(30.0)
        deposit.button_draft()
        deposit.line_ids.filtered("date_maturity").account_id = payable
        deposit.action_post()
        statement = self._make(self.customer, date_from=self.today - timedelta(days=60))
        balance = statement.balance_ids
        self.assertEqual((balance.opening, balance.charged, balance.closing), (5, 1000, 1005))
        self.assertEqual(balance.amount_payable, 250)
        self.assertEqual(len(statement.line_ids), 1)

    def test_branches_belong_to_the_statement(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.cr.precommit.run()  # core gives the branch its chart of accounts here
        self.env.user.company_ids |= branch
        self.make_invoice(100, 5.0, company=branch)
        self.make_invoice(10, 1000.0, company=branch)
        self.make_bill(250.0, company=branch)
        balance = self._make(self.customer, date_from=self.today - timedelta(days=60)).balance_ids
        self.assertEqual((balance.opening, balance.charged, balance.closing), (5, 1000, 1005))
        self.assertEqual(balance.amount_payable, 250)

    def test_what_we_owe_is_that_of_the_date(self):
        other = self.env["res.currency"].search([("id", "!=", self.company.currency_id.id)], limit=1)
        other.active = True
        self.make_invoice(40, 1000.0)
        self.make_bill(250.0)
        self.make_bill(40.0, move_type="in_refund", currency=other)
        self.assertEqual(self._make(self.customer).balance_ids.amount_payable, 250, "no line for a claim")
        before = self._make(self.customer, date=self.today - timedelta(days=1))
        self.assertEqual(before.balance_ids.amount_payable, 0)

    def test_what_we_owe_of_both_accounts(self):
        self.make_invoice(10, 400.0, move_type="out_refund")
        self.make_bill(250.0)
        self.assertEqual(self._make(self.customer).balance_ids._get_owed(), (0, 650))

    def test_due_today_is_not_overdue(self):
        day = self.today + timedelta(days=10)
        self.make_invoice(0, 100.0)
        statement = self._make(self.customer, pay_by=day)
        self.assertEqual((statement.balance_ids.amount_overdue, statement.total_overdue), (0, 0))
        self.assertFalse(statement.is_demand)
        self.make_invoice(1, 1000.0)
        self.make_invoice(5, 400.0, move_type="out_refund")
        statement = self._make(self.customer, pay_by=day)
        self.assertEqual((statement.balance_ids.amount_overdue, statement.total_overdue), (1000, 1000))

    def test_as_much_on_account_as_overdue_is_no_demand(self):
        day = self.today + timedelta(days=10)
        self.make_invoice(40, 1000.0)
        self.make_invoice(5, 1000.0, move_type="out_refund")
        self.assertFalse(self._make(self.customer, pay_by=day).pay_by)

    def test_all_are_who_owe_or_had_movements_but_not_ourselves(self):
        other = self.setup_other_company()["company"]
        paid = self.make_invoice(10, 100.0)
        self.pay(paid)
        self.make_invoice(10, 100.0, partner=other.partner_id)
        contact = self.make_customer("Our Shop", parent_id=other.partner_id.id)
        self.make_invoice(10, 100.0, partner=contact)
        customers = self._make(date_from=self.today - timedelta(days=60)).partner_id
        self.assertIn(self.customer, customers)
        self.assertNotIn(other.partner_id, customers)
        self.assertNotIn(self.customer, self._make().partner_id, "nothing is open")

    def test_our_contact_is_the_collector_of_this_company(self):
        self.make_invoice(30, 100.0)
        other = self.setup_other_company()["company"]
        profiles = self.env["ar.credit.profile"]
        profiles._get_or_create(self.customer, other).collector_id = self.controller
        self.assertEqual(self._make(self.customer).user_id, self.collector, "who made it")
        profiles._get_or_create(self.customer, self.company).collector_id = self.other_controller
        self.assertEqual(self._make(self.customer).user_id, self.other_controller)

    def test_asks_for_payment_of_what_receipts_do_not_cover(self):
        day = self.today + timedelta(days=10)
        self.make_invoice(40, 1000.0)
        self.assertTrue(self._make(self.customer, pay_by=day).is_demand)
        self.make_invoice(5, 1000.0, move_type="out_refund")
        self.assertFalse(self._make(self.customer, pay_by=day).is_demand)
        self.assertIn(self.customer, self._make(pay_by=day).partner_id)
        self.assertNotIn(self.customer, self._make(only_overdue=True).partner_id)

    def test_asks_for_no_payment_of_money_that_is_on_its_way(self):
        day = self.today + timedelta(days=10)
        self.make_invoice(40, 1000.0)
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": self.today,
                "payment_ref": "Transfer",
                "partner_id": self.customer.id,
                "amount": 900.0,
            }
        )
        self.assertTrue(self._make(self.customer, pay_by=day).is_demand)
        line.copy({"amount": 100.0})
        statement = self._make(self.customer, pay_by=day)
        self.assertFalse(statement.is_demand, "the bank shows the money, nobody booked it yet")
        self.assertEqual(statement.balance_ids.closing, 1000)

    def test_asks_for_no_payment_of_what_is_agreed_or_in_dispute(self):
        deadline = self.today + timedelta(days=10)
        self.make_invoice(40, 400.0)
        self.env["ar.payment.promise"]._record(self.customer, self.company, 400.0, deadline)
        agreed = self._make(self.customer, pay_by=deadline, asks_confirmation=True)
        self.assertFalse(agreed.is_demand, "all of it is promised")
        self.assertEqual((agreed.total_overdue, agreed.total_paused), (400, 400))
        self.make_invoice(30, 100.0)
        disputed = self.make_invoice(20, 500.0, move_type="out_invoice")
        item = self.env["ar.aging.report"].search([("move_id", "=", disputed.id)])
        category = self.env.ref("ar_credit_control.dispute_category_quality")
        self.env["ar.dispute"]._record(category, {item: 200.0}, "Broken")
        demand = self._make(self.customer, pay_by=deadline)
        self.assertEqual((demand.total_overdue, demand.total_paused), (1000, 600))
        self.assertEqual(demand.pay_by, deadline)
        words = "in dispute or agreed to be paid later"
        self.assertIn(words, demand.preview)
        self.assertNotIn(words, agreed.preview)
        self.make_invoice(1, 400.0, move_type="out_refund")
        covered = self._make(self.customer, pay_by=deadline)
        self.assertFalse(covered.is_demand, "a receipt covers all that is asked for")

    def test_named_customers_get_one_without_items(self):
        quiet = self.make_customer("Quiet SA")
        self.assertEqual(self._make(quiet).total, 0)
        self.assertNotIn(quiet, self._make().partner_id)

    def test_statements_for_any_number_take_the_same_queries(self):
        partners = self.env["res.partner"]
        for number in range(6):
            partner = self.make_customer(f"Firm {number}")
            self.make_invoice(30, 100.0, partner=partner)
            partners += partner
        counts = []
        for some in (partners[:1], partners):
            self.env.flush_all()
            self.env.invalidate_all()
            self._make(some)  # warm
            before = self.cr.sql_log_count
            self._make(some)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_printed_together(self):
        partners = self.env["res.partner"]
        for number in range(3):
            partner = self.make_customer(f"Firm {number}")
            self.make_invoice(30, 100.0, partner=partner)
            partners += partner
        statements = self._make(partners, asks_confirmation=True)
        documents = statements._render_pdfs()
        self.assertEqual(set(documents), set(statements.ids))
        for content in documents.values():
            self.assertTrue(content.startswith(b"%PDF"))
        joint = PdfFileReader(io.BytesIO(statements._render_joint_pdf()), strict=False)
        self.assertEqual(joint.numPages, 3)

    def test_page_escapes_what_customers_are_called(self):
        self.customer.name = "<b>Evil</b> & Co"
        self.make_invoice(30, 100.0)
        page = self._make(self.customer)._render_html()
        self.assertIn("&lt;b&gt;Evil&lt;/b&gt; &amp; Co", page)
        self.assertNotIn("<b>Evil", page)

    def test_rights(self):
        self.make_invoice(30, 100.0)
        statement = self._make(self.customer)
        for user in (self.seller, self.auditor):
            with self.assertRaises(AccessError):
                self._make(self.customer, user=user)
            with self.assertRaises(AccessError):
                statement.with_user(user).action_send()
        self.assertTrue(statement.with_user(self.auditor).has_access("read"))
        self.assertFalse(statement.with_user(self.seller).has_access("read"))
        self.customer.user_id = self.seller
        statement.invalidate_recordset()
        self.assertTrue(statement.with_user(self.seller).has_access("read"))
        for user in (self.collector, self.other_controller):
            for operation in ("write", "create", "unlink"):
                self.assertFalse(self.statements.with_user(user).has_access(operation))
        with self.assertRaises(UserError):
            statement.sudo().unlink()

    def test_other_company(self):
        other = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        with self.assertRaises(AccessError):
            self.statements.with_user(self.collector)._make(other, self.customer)

    def test_mail(self):
        self.make_invoice(30, 100.0)
        statement = self._make(self.customer)
        statement.action_send()
        self.assertEqual(statement.state, "queued")
        mail = statement.sudo().mail_id
        self.assertEqual(mail.recipient_ids, self.customer)
        self.assertEqual(mail.attachment_ids, statement.sudo().document_id)
        mail._postprocess_sent_message([self.customer.id], [])
        self.assertEqual(statement.state, "sent")
        with self.assertRaises(UserError):
            statement.action_send()

    def test_what_went_by_mail_was_not_handed_over(self):
        self.make_invoice(30, 100.0)
        mailed, printed = self._make(self.customer), self._make(self.customer)
        mailed.action_send()
        (mailed + printed).action_mark_sent()
        self.assertEqual((mailed.state, mailed.sent_by), ("queued", "email"))
        self.assertEqual((printed.state, printed.sent_by), ("sent", "paper"))

    def test_a_mail_that_bounces_fails_what_was_sent_alone(self):
        self.make_invoice(30, 100.0)
        mailed, draft = self._make(self.customer), self._make(self.customer)
        mailed.action_send()
        (mailed + draft).sudo()._message_receive_bounce("kornmann@example.com", self.customer)
        self.assertEqual((mailed.state, draft.state), ("failed", "draft"))

    def test_many_mails_go_out_in_the_background_once(self):
        partners = self.env["res.partner"]
        for number in range(4):
            partner = self.make_customer(f"Firm{number} AG")
            self.make_invoice(30, 100.0, partner=partner)
            partners += partner
        statements = self._make(partners)
        statements.action_send()
        self.assertEqual(set(statements.mapped("state")), {"waiting"})
        statements.sudo()._queue()
        statements.sudo()._queue()
        self.assertEqual(set(statements.mapped("state")), {"queued"})
        mails = (
            self.env["mail.mail"]
            .sudo()
            .search([("model", "=", "ar.statement"), ("res_id", "in", statements.ids)])
        )
        self.assertEqual(len(mails), 4)

    def test_goes_with_the_letter(self):
        self.before.attach_statement = True
        self.make_invoice(-3, 100.0)
        self.make_invoice(-30, 900.0)
        letter = self.propose().letter_ids
        self.assertEqual(letter.stage_id, self.before)
        letter.with_user(self.other_controller).action_approve()
        letter.sudo()._queue()
        statement = letter.statement_ids
        self.assertEqual(
            statement.balance_ids.closing, 1000, "everything that is open, not the letter's items"
        )
        self.assertEqual(statement.recipient_id, letter.recipient_id)
        self.assertIn(statement.sudo().document_id, letter.sudo().mail_id.attachment_ids)
        letter.sudo()._mark_sent()
        self.assertEqual(statement.state, "sent")

    def test_goes_to_the_recipient_of_the_letter_and_not_with_a_call(self):
        self.before.attach_statement = True
        self.make_invoice(-3, 100.0)
        contact = self.make_customer("Ms Kornmann", parent_id=self.customer.id, is_company=False)
        letter = self.propose().letter_ids
        letter.with_user(self.collector)._edit(recipient=contact)
        self.send(letter)
        self.assertEqual(letter.statement_ids.recipient_id, contact)
        called = self.make_customer("Called KG")
        self.make_invoice(-3, 100.0, partner=called)
        self.before.write({"send_by": "none", "task": "call"})
        letter = self.propose().letter_ids.filtered(lambda letter: letter.partner_id == called)
        letter.with_user(self.other_controller).action_approve()
        letter.sudo()._queue()
        self.assertEqual((letter.channel, letter.state), ("call", "queued"))
        self.assertFalse(letter.statement_ids)

    def test_of_letters_in_two_currencies_the_later_day_counts(self):
        other = self.env["res.currency"].search([("id", "!=", self.company.currency_id.id)], limit=1)
        other.active = True
        (self.first | self.second).attach_statement = True
        self.first.reply_days, self.second.reply_days = 14, 5
        self.make_invoice(20, 1000.0)
        self.send(self.propose(date=self.today).letter_ids)
        self.make_invoice(5, 9000.0, currency=other)
        self.env["ar.dunning.letter"].sudo().search([]).date = self.today - timedelta(days=30)
        letters = self.propose().letter_ids
        self.assertEqual(letters.stage_id, self.first | self.second)
        letters.with_user(self.other_controller).action_approve()
        letters.sudo()._queue()
        statement = letters.statement_ids
        self.assertEqual(statement.pay_by, self.today + timedelta(days=14))

    def test_a_letter_that_is_tried_again_carries_the_new_figures_only(self):
        self.before.attach_statement = True
        self.make_invoice(-3, 100.0)
        letter = self.propose().letter_ids
        letter.with_user(self.other_controller).action_approve()
        letter.sudo()._queue()
        letter.sudo().mail_id.cancel()
        self.assertEqual(letter.state, "failed")
        letter.sudo().mail_id.unlink()
        self.make_invoice(-20, 900.0)
        letter.with_user(self.other_controller).action_retry()
        letter.sudo()._queue()
        former, latest = letter.statement_ids.sorted("id")
        self.assertEqual(latest.balance_ids.closing, 1000)
        self.assertEqual(letter.sudo().enclosure_ids, latest.sudo().document_id)
        letter.sudo()._mark_sent()
        self.assertEqual((former.state, latest.state), ("draft", "sent"), "the former one never went out")
        self.assertFalse(former.sent_date)

    def test_goes_with_a_letter_that_waited_while_its_customer_got_a_parent(self):
        self.before.attach_statement = True
        person = self.make_customer("Petra Kornmann", is_company=False)
        parent = self.make_customer("Kornmann Holding AG")
        self.make_invoice(-3, 100.0, partner=person)
        letter = self.propose().letter_ids
        letter.with_user(self.other_controller).action_approve()
        person.parent_id = parent
        letter.sudo()._queue()
        self.assertEqual(letter.statement_ids.partner_id, parent)
        self.assertEqual(letter.statement_ids.balance_ids.closing, 100.0)
        self.assertIn(letter.statement_ids.sudo().document_id, letter.sudo().mail_id.attachment_ids)

    def test_wizard(self):
        self.make_invoice(30, 100.0)
        wizard = self.env["ar.statement.make"].with_user(self.collector)
        action = wizard.create({"partner_ids": [Command.set(self.customer.ids)]}).action_make()
        statement = self.statements.browse(action["res_id"])
        self.assertTrue(statement.is_demand)
        with self.assertRaises(UserError):
            wizard.create({"kind": "movements", "date_from": self.today + timedelta(days=1)})
        tag = self.env["res.partner.category"].create({"name": "Nobody"})
        with self.assertRaises(UserError):
            wizard.create({"category_ids": [Command.set(tag.ids)]}).action_make()

    def test_fapiao_number(self):
        invoice = self.make_invoice(30, 100.0, credit_fapiao_number="26332000000012345678")
        self.make_invoice(20, 100.0, credit_contract_number="HT-1")
        page = self._make(self.customer)._render_html()
        self.assertIn("26332000000012345678", page)
        self.assertIn("HT-1", page)
        with self.assertRaises(ValidationError):
            invoice.credit_fapiao_number = "12 34"

    def test_chinese_form(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"].search([("name", "=", "ar_credit_control")])._update_translations(
            "zh_CN"
        )
        self.customer.lang = "zh_CN"
        yuan = self.env.ref("base.CNY")
        yuan.active = True
        self.make_invoice(30, 1234.5, currency=yuan)
        page = self._make(self.customer, asks_confirmation=True, pay_by=self.today)._render_html()
        for text in ("对账暨催款函", "贵公司欠我公司", "我公司欠贵公司", "①", "②", "盖章", "经办人"):
            self.assertIn(text, page)
        self.assertIn("往来对账函", self._make(self.customer)._render_html())
