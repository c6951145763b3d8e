import random
from datetime import datetime, time, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command

from .common_aging import AgingCase
from .common_life_cover import BranchSteps, CoverSteps
from .common_writeoff import WriteoffCase

START = fields.Date.to_date("2024-01-08")
AMOUNTS = (40, 99.99, 250.01, 800, 1333.33, 2750.5, 9000)
# How often each step is taken, by name.
STEPS = {
    "invoice": 12,
    "credit_note": 2,
    "lone_credit_note": 1,
    "pay": 6,
    "pay_part": 4,
    "receipt": 4,
    "apply_receipts": 3,
    "show_on_bank": 3,
    "bank_money": 1,
    "match": 2,
    "unmatch": 2,
    "take_back_payment": 1,
    "reset_invoice": 1,
    "dun": 5,
    "deliver": 3,
    "promise": 3,
    "cancel_promise": 1,
    "plan": 2,
    "decide_plan": 3,
    "end_plan": 1,
    "dispute": 3,
    "decide_dispute": 3,
    "reopen_dispute": 1,
    "place": 2,
    "end_placement": 1,
    "claim_interest": 3,
    "post_interest": 2,
    "waive_interest": 2,
    "state_account": 1,
    "provide": 2,
    "cancel_run": 1,
    "write_off": 3,
    "decide_writeoff": 2,
    "cancel_writeoff": 1,
    "recover": 2,
    "cancel_recovery": 1,
    "order": 3,
    "decide_hold": 2,
    "invoice_order": 2,
    "cancel_order": 1,
    "bill": 3,
    "lone_bill": 0.3,
    "settle_bill": 3,
    "secure": 1,
    "end_security": 0.6,
    "report_overdue": 1,
    "log_contact": 2,
    "close_case": 1,
    "limit": 1,
    "exclude": 1,
    "merge": 0.4,
    "parent": 0.6,
}


class NothingThereError(UserError):
    """A step that has nothing to take up on that day."""


class LifeCase(BranchSteps, CoverSteps, WriteoffCase, AgingCase):
    """A company with a branch lives: people of each role do what they may, and schedules run at night.

    Steps are chosen by a seed, which tells the whole life. What a step may not do on that day, the addon
    refuses: then nothing happened.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        clock = freeze_time(datetime.combine(START, time(9)))
        cls.clock = clock.start()
        cls.addClassCleanup(clock.stop)
        cls.bank = cls.company_data["default_journal_bank"]
        cls.tax = cls.company_data["default_tax_sale"]
        cls.other_controller, cls.other_manager = cls.make_users(
            life_ctl="ar_credit_control.group_credit_controller",
            life_mgr="ar_credit_control.group_credit_manager,base.group_partner_manager",
        )
        cls.accountant.group_ids += cls.env.ref("base.group_partner_manager")
        cls.let_into_branch(
            cls.accountant, cls.collector, cls.controller, cls.manager, cls.auditor, cls.salesperson,
            cls.other_controller, cls.other_manager,
        )  # fmt: skip
        cls.category = cls.env.ref("ar_credit_control.dispute_category_price")
        cls.env["res.currency.rate"].create(
            [
                {"currency_id": cls.foreign.id, "name": START + timedelta(days=28 * month), "rate": rate}
                for month, rate in enumerate((2.1, 1.9, 2.4, 2.2, 1.7, 2.0) * 3)
            ]
        )
        cls.scheme = cls.env["ar.interest.scheme"].create(
            {
                "name": "Contract",
                "company_id": cls.company.id,
                "currency_id": cls.company.currency_id.id,
                "rounding": "total",
                "rate_ids": [
                    Command.create({"date_from": "2000-01-01", "rate": 9.0}),
                    Command.create({"date_from": START + timedelta(days=200), "rate": 11.0}),
                ],
                "fee_ids": [Command.create({"amount_from": 0, "amount": 40.0})],
            }
        )
        standard = cls.env.ref("ar_credit_control.dunning_policy_standard").sudo()
        cls.dunning = standard.copy(
            {
                "company_id": cls.company.id,
                "currency_id": cls.company.currency_id.id,
                "active": True,
                "min_amount": 50.0,
                "interest_scheme_id": cls.scheme.id,
            }
        ).with_env(cls.env)
        others = cls.env["res.company"].search([("id", "!=", cls.company.id), ("parent_id", "=", False)])
        others.write({"collection_active": False, "credit_control_active": False})
        cls.company.write(
            {
                "credit_control_active": True,
                "credit_hold_auto_release": True,
                "credit_in_transit": True,
                "credit_bill_bank_share": 20,
                "collection_active": True,
                "collection_quiet_days": 3,
                "interest_scheme_id": cls.scheme.id,
                "writeoff_tax": "reverse",
            }
        )
        cls.customers = [
            cls.make_partner(
                name, email=f"{name.split()[0].lower()}@example.com", street="Main Street 1", city="Bremen"
            )
            for name in ("Ahrens AG", "Bolt GmbH", "Cordes KG", "Dierks SE", "Engel OHG")
        ]
        cls.desks = cls.env["res.partner"].create(
            [
                {"name": f"Payables of {partner.name}", "parent_id": partner.id, "type": "invoice"}
                for partner in cls.customers[:2]
            ]
        )
        for partner, limit in zip(cls.customers, (20000, 3000, 500), strict=False):
            cls.make_profile(partner, limit)

    # ------------------------------------------------------------------
    # The course of a life
    # ------------------------------------------------------------------

    def live(self, seed, days, steps_a_month, check, months=1):
        """Live so many days; call ``check`` after the last night of so many months, and at the end."""
        self.random = random.Random(seed)
        self.story = []
        self.frozen = {}
        self.move_to(START)
        self.invoices = self.env["account.move"]
        self.orders = self.env["sale.order"]
        self.payments = self.env["account.payment"]
        self.partners = [*self.customers, *self.desks]
        names, weights = zip(*STEPS.items(), strict=True)
        ended = 0
        while self.today < START + timedelta(days=days):
            self.move_to(self.today + timedelta(days=self.random.randint(0, 60 // steps_a_month)))
            if (self.today - START).days >= 30 * (ended + 1):
                ended += 1
                self.sleep(self.random.random() < 0.3)
                if ended % months == 0:
                    check()
            while not self.take(self.random.choices(names, weights)[0]):
                pass
        self.sleep()
        check()

    def move_to(self, day):
        type(self).today = day
        self.clock.move_to(datetime.combine(day, time(9)))
        self.env.cr._now = None
        self.env.invalidate_all()

    def take(self, name):
        """Take a step, and all that a commit brings about; what is refused did not happen.

        :return: whether there was something to do
        """
        known = {key: getattr(self, key) for key in ("invoices", "orders", "payments", "partners")}
        try:
            with self.env.cr.savepoint():
                what = getattr(self, f"step_{name}")()
                self.commit()
        except UserError as refusal:
            self.env.invalidate_all()
            vars(self).update(known)
            if isinstance(refusal, NothingThereError):
                return False
            what = f"refused: {refusal}"
        self.story.append(f"{self.today} {name}: {what}")
        return True

    def commit(self):
        """What happens when a transaction is committed, without committing."""
        self.env.cr.flush()
        self.env.invalidate_all()

    def sleep(self, propose=False):
        """The schedules of a night, in transactions of their own.

        :param propose: the schedule proposes letters, too
        """
        self.env.flush_all()
        logger = "odoo.addons.ar_credit_control"
        with (
            self.assertNoLogs(logger, "ERROR"),
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
        ):
            env = self.env(cr=cr, su=True, user=self.env.ref("base.user_root").id)
            if propose:
                env["ar.dunning.run"]._cron_run_policy(self.dunning.with_env(env))
            for model, method in (
                ("ar.payment.promise", "_cron_judge"),
                ("ar.payment.plan", "_cron_judge"),
                ("ar.placement", "_cron_judge"),
                ("ar.dispute", "_cron_watch"),
                ("ar.credit.security", "_cron_warn_ahead"),
                ("ar.credit.recheck", "_cron_take_up"),
                ("ar.credit.hold", "_cron_follow_up"),
                ("ar.dunning.letter", "_cron_queue_approved"),
                ("ar.statement", "_cron_queue"),
                ("ar.collection.case", "_cron_run_cases"),
            ):
                getattr(env[model], method)()
        self.env.invalidate_all()

    # ------------------------------------------------------------------
    # What there is to choose from
    # ------------------------------------------------------------------

    def pick(self, records):
        """One of the records, or a refusal of the step."""
        if not records:
            raise NothingThereError("nothing there")
        return records[self.random.randrange(len(records))]

    def pick_partner(self):
        return self.pick([partner for partner in self.partners if partner.exists()])

    def pick_record(self, model, **states):
        return self.pick(
            self.env[model].search([(name, "in", values) for name, values in states.items()], order="id")
        )

    def pick_items(self, overdue=False, one_currency=True):
        """Some open claims of a customer, as the ageing shows them."""
        domain = [("root_company_id", "=", self.company.id), ("amount_currency", ">", 0)]
        if overdue:
            domain.append(("days_overdue", ">", 0))
        items = self.report.search(domain, order="id")
        first = self.pick(items)
        items = items.filtered(
            lambda item: (
                item.partner_id == first.partner_id
                and (not one_currency or item.currency_id == first.currency_id)
            )
        )
        count = self.random.randint(1, 3)
        return self.report.browse({first.id, *items[:count].ids})

    def part(self, amount, currency, shares=(0.25, 1 / 3, 0.5, 1, 1)):
        return currency.round(amount * self.random.choice(shares))

    def posted(self, **values):
        open_only = values.pop("open_only", False)
        moves = self.invoices.exists().filtered(lambda move: move.state == "posted")
        return moves.filtered("amount_residual") if open_only else moves

    # ------------------------------------------------------------------
    # Invoices and money
    # ------------------------------------------------------------------

    def step_invoice(self, **values):
        partner = self.pick_partner()
        amount = self.random.choice(AMOUNTS)
        taxes = [Command.set(self.tax.ids)] if self.random.random() < 0.2 else [Command.clear()]
        terms = self.instalments if self.random.random() < 0.3 else self.instalments.browse()
        days = self.random.choice((0, 14, 30))
        company = self.pick_company()
        move = (
            self.env["account.move"]
            .with_user(self.get_clerk(company))
            .with_company(company)
            .create(
                {
                    "move_type": "out_invoice",
                    "company_id": company.id,
                    "partner_id": partner.id,
                    "currency_id": self.pick_currency().id,
                    "invoice_date": self.today,
                    "date": self.today,
                    "invoice_payment_term_id": terms.id,
                    "invoice_date_due": self.today + timedelta(days=days),
                    "invoice_line_ids": [
                        Command.create({"name": "Work", "price_unit": amount, "tax_ids": taxes})
                    ],
                    **values,
                }
            )
        )
        move.action_post()
        self.invoices += move.with_env(self.env)
        return f"{move.name} {move.amount_total} {move.currency_id.name} {partner.name} {company.name}"

    def step_lone_credit_note(self):
        return self.step_invoice(move_type="out_refund")

    def step_credit_note(self):
        invoice = self.pick(self.posted().filtered(lambda move: move.move_type == "out_invoice"))
        clerk = self.get_clerk(invoice.company_id)
        wizard = (
            self.env["account.move.reversal"]
            .with_user(clerk)
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "date": self.today})
        )
        refund = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
        if self.random.random() < 0.5:
            for line in refund.invoice_line_ids:
                line.price_unit = refund.currency_id.round(line.price_unit / 3)
        refund.with_user(clerk).action_post()
        self.invoices += refund
        return f"{refund.name} {refund.amount_total} of {invoice.name}"

    def register(self, invoice, amount):
        day = self.today - timedelta(days=self.random.choice((0, 0, 0, 5)))
        wizard = (
            self.env["account.payment.register"]
            .with_user(self.get_clerk(invoice.company_id))
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"amount": amount, "currency_id": invoice.currency_id.id, "payment_date": day})
        )
        payment = wizard._create_payments().with_env(self.env)
        self.payments += payment
        return f"{invoice.name} {amount} on {day}"

    def step_pay(self):
        invoice = self.pick(self.posted(open_only=True).filtered(lambda m: m.move_type == "out_invoice"))
        return self.register(invoice, invoice.amount_residual)

    def step_pay_part(self):
        invoice = self.pick(self.posted(open_only=True).filtered(lambda m: m.move_type == "out_invoice"))
        return self.register(invoice, self.part(invoice.amount_residual, invoice.currency_id))

    def step_receipt(self):
        """Money on account."""
        partner, company = self.pick_partner(), self.pick_company()
        payment = (
            self.env["account.payment"]
            .with_user(self.get_clerk(company))
            .with_company(company)
            .create(
                {
                    "company_id": company.id,
                    "partner_id": partner.id,
                    "amount": self.random.choice(AMOUNTS),
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "date": self.today,
                    "journal_id": self.bank.id,
                    "currency_id": self.pick_currency().id,
                }
            )
        )
        payment.action_post()
        self.payments += payment.with_env(self.env)
        return f"{payment.name} {payment.amount} {payment.currency_id.name} {partner.name} {company.name}"

    def step_apply_receipts(self):
        receipt = self.pick(self.env["ar.cash.receipt"].search([], order="id"))
        receipt.with_user(self.controller).action_apply()
        return receipt.display_name

    def step_show_on_bank(self):
        """The bank shows a payment."""
        payment = self.pick(
            self.payments.filtered(
                lambda one: (
                    one.state in ("in_process", "paid")
                    and not one.is_matched
                    and one.currency_id == self.company.currency_id
                )
            )
        )
        line = self.make_bank_line(payment.amount, payment.partner_id)
        suspense = line.with_context(skip_account_move_synchronization=True)._seek_for_lines()[1]
        suspense.with_context(skip_readonly_check=True).account_id = payment.outstanding_account_id
        outstanding = payment.move_id.line_ids.filtered(
            lambda item: item.account_id == payment.outstanding_account_id
        )
        (suspense | outstanding).reconcile()
        return payment.name

    def step_bank_money(self):
        """The bank shows money that nobody entered as a payment."""
        partner = self.pick_partner()
        line = self.make_bank_line(self.random.choice(AMOUNTS), partner)
        return f"{line.amount} {partner.name}"

    def make_bank_line(self, amount, partner):
        return (
            self.env["account.bank.statement.line"]
            .with_user(self.accountant)
            .create(
                {
                    "journal_id": self.bank.id,
                    "date": self.today,
                    "payment_ref": "Transfer",
                    "partner_id": partner.id,
                    "amount": amount,
                }
            )
        )

    def step_match(self):
        items = self.report.search([("root_company_id", "=", self.company.id)], order="id")
        credit = self.pick(items.filtered(lambda item: item.amount_currency < 0))
        debit = self.pick(
            items.filtered(lambda item: item.amount_currency > 0 and item.partner_id == credit.partner_id)
        )
        lines = (credit | debit).move_line_id
        lines.with_user(self.accountant).reconcile()
        return ", ".join(lines.move_id.mapped("name"))

    def step_unmatch(self):
        partial = self.pick(
            self.env["account.partial.reconcile"].search(
                [
                    ("company_id", "child_of", self.company.id),
                    ("debit_move_id.account_type", "=", "asset_receivable"),
                ],
                order="id",
            )
        )
        names = f"{partial.debit_move_id.move_id.name} and {partial.credit_move_id.move_id.name}"
        partial.debit_move_id.with_user(self.accountant).remove_move_reconcile()
        return names

    def step_take_back_payment(self):
        payment = self.pick(self.payments.filtered(lambda one: one.state in ("in_process", "paid")))
        payment = payment.with_user(self.get_clerk(payment.company_id))
        payment.action_draft()
        if self.random.random() < 0.5:
            payment.action_cancel()
        return f"{payment.name} {payment.state}"

    def step_reset_invoice(self):
        """Set back to draft, changed and posted again: its journal items are new ones."""
        invoice = self.pick(self.posted().filtered(lambda move: move.move_type == "out_invoice"))
        invoice = invoice.with_user(self.get_clerk(invoice.company_id))
        invoice.button_draft()
        if self.random.random() < 0.5:
            invoice.invoice_line_ids[:1].price_unit += 10
        invoice.action_post()
        return invoice.name

    # ------------------------------------------------------------------
    # Letters
    # ------------------------------------------------------------------

    def step_dun(self):
        wizard = (
            self.env["ar.dunning.propose"]
            .with_user(self.collector)
            .create({"company_id": self.company.id, "policy_id": self.dunning.id, "date": self.today})
        )
        preview, dates = self.read_preview(), self.read_next_dates()
        run = self.env["ar.dunning.run"].browse(wizard.action_propose()["res_id"])
        self.check_proposal(run, preview, dates)
        letters = run.letter_ids
        for letter in letters:
            fate = self.random.random()
            if fate < 0.1:
                letter.with_user(self.collector).action_drop()
            elif fate < 0.2:
                letter.with_user(self.collector)._edit(personal_text="Please call us.")
            elif fate < 0.3:
                letter.line_ids[0].with_user(self.collector).action_drop()
        if not letters:
            return "nothing due"
        if self.random.random() < 0.8:
            run.with_user(self.other_controller).action_approve_all()
        if self.random.random() < 0.7:
            letters.sudo()._queue()
        if self.random.random() < 0.7:
            self.deliver(letters)
        return ", ".join(f"{letter.name} {letter.partner_name} {letter.state}" for letter in letters)

    def read_preview(self):
        """What the preview of the letters says that would be proposed today."""
        self.env.flush_all()
        self.env["ar.dunning.preview"].invalidate_model()
        context = {"dunning_policy_id": self.dunning.id, "dunning_date": str(self.today)}
        rows = self.env["ar.dunning.preview"].with_context(**context).search([("stage_id", "!=", False)])
        rows = rows.filtered(lambda row: row.outcome == "letter")
        return sorted((row.partner_id.id, row.currency_id.id, row.stage_id.id, row.amount) for row in rows)

    def read_next_dates(self):
        """What invoices say of their next letter."""
        rows = self.report.search([("root_company_id", "=", self.company.id), ("amount_currency", ">", 0)])
        return {move: move.dunning_next_date for move in rows.move_id}

    def deliver(self, letters):
        """What becomes of letters that left: most arrive, some mails do not."""
        for letter in letters.filtered(lambda one: one.state == "queued"):
            if letter.channel == "email":
                if self.random.random() < 0.8:
                    letter.sudo()._mark_sent()
                else:
                    letter.sudo()._mark_failed("No such mailbox")
            elif letter.channel == "post":
                letter.with_user(self.collector)._mark_posted(self.today)
            else:
                letter.with_user(self.collector).action_mark_contacted()

    def step_deliver(self):
        """Letters that waited for somebody."""
        letters = self.env["ar.dunning.letter"].search(
            [
                ("company_id", "=", self.company.id),
                ("state", "in", ("draft", "approved", "queued", "failed")),
            ],
            order="id",
        )
        letter = self.pick(letters)
        if letter.state == "failed":
            if self.random.random() < 0.5:
                letter.with_user(self.collector).action_drop()
            else:
                letter.with_user(self.other_controller).action_retry()
        elif letter.state == "draft":
            letter.with_user(self.other_controller).action_approve()
        elif letter.state == "approved":
            letter.sudo()._queue()
        else:
            self.deliver(letter)
        return f"{letter.name} {letter.state}"

    def check_proposal(self, run, preview, dates):
        """For the tests to fill in."""

    def step_exclude(self):
        item = self.pick_items()[:1]
        exclusion = (
            self.env["ar.dunning.exclude"]
            .with_user(self.collector)
            .with_context(active_model="ar.aging.report", active_ids=item.ids)
            .create({"reason": "Asked to wait", "date_to": self.today + timedelta(days=20)})
        )
        exclusion.action_exclude()
        return item.move_id.name

    # ------------------------------------------------------------------
    # Agreements, disputes, placements
    # ------------------------------------------------------------------

    def step_promise(self):
        items = self.pick_items()
        total, collector = sum(items.mapped("amount_currency")), self.get_collector(items)
        promise = (
            self.env["ar.payment.promise"]
            .with_user(collector)
            ._record(
                items.partner_id,
                self.company,
                self.part(total, items.currency_id),
                self.today + timedelta(days=self.random.randint(0, 25)),
                items.with_user(collector),
            )
        )
        return f"{promise.amount} {items.partner_id.name} until {promise.date}"

    def step_cancel_promise(self):
        self.pick_record("ar.payment.promise", state=["open"]).with_user(self.collector).action_cancel("No")
        return "done"

    def step_plan(self):
        items = self.pick_items()
        kind = self.random.choice(("plan", "deferral"))
        count = 1 if kind == "deferral" else self.random.randint(2, 4)
        collector = self.get_collector(items)
        plan = (
            self.env["ar.payment.plan"]
            .with_user(collector)
            ._draft(
                items.partner_id,
                self.company,
                items.with_user(collector),
                kind,
                [self.today + timedelta(days=20 * (number + 1)) for number in range(count)],
                reason="Waits for money",
            )
        )
        plan.action_submit()
        if self.random.random() < 0.5:
            plan.with_user(self.manager).action_approve()
        return f"{plan.name} {kind} {plan.amount} {items.partner_id.name} {plan.state}"

    def step_decide_plan(self):
        plan = self.pick_record("ar.payment.plan", state=["submitted"])
        if self.random.random() < 0.2:
            plan.with_user(self.manager).action_send_back("Shorter")
            return f"{plan.name} sent back"
        plan.with_user(self.manager).action_approve()
        return plan.name

    def step_end_plan(self):
        plan = self.pick_record("ar.payment.plan", state=["draft", "submitted", "active"])
        plan.with_user(self.collector).action_cancel("Did not work")
        return plan.name

    def step_dispute(self):
        items = self.pick_items()
        collector = self.get_collector(items)
        amounts = {
            item.with_user(collector): self.part(item.amount_currency, item.currency_id) for item in items
        }
        dispute = self.env["ar.dispute"].with_user(collector)._record(self.category, amounts, "No")
        return f"{dispute.name} {dispute.amount} {', '.join(items.move_id.mapped('name'))}"

    def step_decide_dispute(self):
        dispute = self.pick_record("ar.dispute", state=["new", "investigating", "accepted"])
        if dispute.state == "accepted":
            action = dispute.with_user(self.accountant).action_create_credit_note()
            notes = self.env["account.move"].browse(action.get("res_id") or action["domain"][0][2])
            notes.with_user(self.accountant).invoice_date = self.today
            notes.with_user(self.accountant).action_post()
            self.invoices += notes
            return f"{dispute.name} credited by {', '.join(notes.mapped('name'))}"
        decision = self.random.choice(("accept", "part", "reject", "withdraw", "start"))
        if decision == "start":
            dispute.with_user(self.collector).action_start()
        elif decision == "withdraw":
            dispute.with_user(self.collector)._withdraw("Given up")
        else:
            share = {"accept": 1, "part": 0.5, "reject": 0}[decision]
            accepted = {line: line.currency_id.round(line.amount * share) for line in dispute.line_ids}
            dispute.with_user(self.controller)._decide(accepted, "Our answer", 5)
        return f"{dispute.name} {decision}"

    def step_reopen_dispute(self):
        dispute = self.pick_record("ar.dispute", state=["resolved_rejected", "resolved_paid", "cancelled"])
        dispute.with_user(self.collector)._reopen("New facts")
        return dispute.name

    def step_place(self):
        items = self.pick_items(overdue=True, one_currency=False)
        agent = self.pick([partner for partner in self.customers if partner.exists()])
        collector = self.get_collector(items)
        placement = (
            self.env["ar.placement"]
            .with_user(collector)
            ._propose(items.with_user(collector), self.random.choice(("agency", "lawyer")), agent)
        )
        placement.action_submit()
        placement.with_user(self.controller).action_approve()
        return f"{placement.name} {', '.join(items.move_id.mapped('name'))}"

    def step_end_placement(self):
        placement = self.pick_record("ar.placement", state=["placed"])
        state = self.random.choice(("closed", "recalled"))
        placement.with_user(self.controller)._end(state, "Enough")
        return f"{placement.name} {state}"

    def step_log_contact(self):
        partner = self.pick([one for one in self.customers if one.exists()])
        outcome = self.env.ref("ar_credit_control.collection_outcome_no_answer", raise_if_not_found=False)
        self.env["ar.collection.activity"].with_user(self.collector)._log_contact(
            partner, self.company, "call", outcome
        )
        return partner.name

    def step_close_case(self):
        case = self.pick_record("ar.collection.case", state=["open"])
        case.with_user(self.collector).action_close()
        return case.partner_name

    # ------------------------------------------------------------------
    # Interest, statements
    # ------------------------------------------------------------------

    def step_claim_interest(self):
        scope = self.random.choice(("all", "all", "settled"))
        wizard = (
            self.env["ar.interest.calculate"]
            .with_user(self.collector)
            .create({"company_id": self.company.id, "date": self.today, "scope": scope})
        )
        claims = self.env["ar.interest.claim"].browse(wizard.action_claim()["domain"][0][2])
        return ", ".join(f"{claim.name} {claim.amount_total}" for claim in claims)

    def step_post_interest(self):
        claim = self.pick_record("ar.interest.claim", state=["open", "claimed"])
        claims = claim.search(
            [("partner_id", "=", claim.partner_id.id), ("state", "in", ("open", "claimed"))]
        ).filtered(lambda one: not one.waiver_requested_by_id and not one.debit_move_id)
        claims.with_user(self.controller).action_post()
        self.invoices += claims.debit_move_id
        return ", ".join(f"{note.name} {note.amount_total}" for note in claims.debit_move_id)

    def step_waive_interest(self):
        claim = self.pick_record("ar.interest.claim", state=["open", "claimed", "posted"])
        if self.random.random() < 0.2:
            claim.with_user(self.collector).action_drop()
            return f"{claim.name} dropped"
        amount = self.part(claim.amount_left, claim.currency_id)
        claim.with_user(self.collector).action_request_waiver("Goodwill", amount)
        if self.random.random() < 0.2:
            claim.with_user(self.manager).action_refuse_waiver("No")
            return f"{claim.name} refused"
        claim.with_user(self.manager).action_approve_waiver()
        return f"{claim.name} {amount} of {claim.amount_total}"

    def step_state_account(self):
        kind = self.random.choice(("open", "movements"))
        wizard = (
            self.env["ar.statement.make"]
            .with_user(self.collector)
            .create({"company_id": self.company.id, "date": self.today, "kind": kind})
        )
        batch = self.env["ar.statement"].search([], order="id desc", limit=1).batch
        wizard.action_make()
        last = self.env["ar.statement"].search([], order="id desc", limit=1)
        self.assertNotEqual(last.batch, batch)
        self.check_statements(last.search([("batch", "=", last.batch)]))
        return kind

    def check_statements(self, statements):
        """For the tests to fill in."""

    # ------------------------------------------------------------------
    # Provisions, write-offs
    # ------------------------------------------------------------------

    def step_provide(self):
        day = self.today - timedelta(days=self.random.choice((0, 0, 20, 45)))
        run = self.runs.with_user(self.controller).create({"date": day, "company_id": self.company.id})
        run.action_compute()
        self.check_run(run.with_env(self.env))
        fate = self.random.random()
        if fate < 0.15:
            run.action_cancel("Not now")
            return f"{day} dropped"
        run.action_submit()
        run.with_user(self.manager).action_approve()
        run.action_post()
        run = run.with_env(self.env)
        self.commit()
        self.frozen[run] = self.read_run(run)
        return f"{day} {run.amount}"

    def check_run(self, run):
        """For the tests to fill in."""

    def read_run(self, run):
        """What a posted run says, which nothing changes."""
        figures = ["gross", "offset", "covered", "amount"]
        return (
            run.read([*figures, "date", "change", "booked"]),
            run.line_ids.read([*figures, "name", "partner_name", "rate", "date_maturity", "treatment"]),
            run.cell_ids.read([*figures, "bucket_name", "base_rate", "item_count"]),
        )

    def step_cancel_run(self):
        run = self.pick(self.runs.search([("state", "=", "posted")], order="id"))
        run.with_user(self.manager).action_cancel("Wrong")
        return str(run.date)

    def step_write_off(self):
        items = self.pick_items(overdue=True)
        moves, collector = [*items.move_id], self.get_collector(items)
        writeoff = (
            self.env["ar.writeoff"]
            .with_user(collector)
            ._create_from_items(
                items.with_user(collector),
                self.small,
                amounts={
                    item.with_user(collector): self.part(item.amount_currency, item.currency_id)
                    for item in items
                },
                note="Reminded three times",
                in_transit_ack="Pays what is newer" if self.random.random() < 0.7 else False,
            )
        )
        writeoff.action_submit()
        if self.random.random() < 0.7:
            writeoff.with_user(self.manager).action_approve()
            writeoff.with_user(self.controller).action_post()
        return f"{writeoff.name} {writeoff.amount} {', '.join(move.name for move in moves)} {writeoff.state}"

    def step_decide_writeoff(self):
        writeoff = self.pick_record("ar.writeoff", state=["draft", "submitted", "approved"])
        if writeoff.state == "draft":
            writeoff.with_user(self.collector).action_submit()
        elif writeoff.state == "submitted":
            writeoff.with_user(self.manager).action_approve()
        else:
            writeoff.with_user(self.controller).action_post()
        return f"{writeoff.name} {writeoff.state}"

    def step_cancel_writeoff(self):
        writeoff = self.pick_record("ar.writeoff", state=["posted", "approved", "submitted"])
        writeoff.with_user(self.controller).action_cancel("Wrong")
        return writeoff.name

    def step_recover(self):
        line = self.pick(
            self.env["ar.writeoff.line"]
            .search([("writeoff_id.state", "=", "posted")], order="id")
            .filtered("amount_left")
        )
        amount = self.part(line.amount_left, line.currency_id)
        payment = (
            self.env["account.payment"]
            .with_user(self.accountant)
            .create(
                {
                    "partner_id": line.partner_id.id,
                    "company_id": line.company_id.id,
                    "amount": amount,
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "currency_id": line.currency_id.id,
                    "date": self.today,
                    "journal_id": self.bank.id,
                }
            )
        )
        payment.action_post()
        self.payments += payment.with_env(self.env)
        receipt = payment.move_id.line_ids.filtered(lambda item: item.account_type == "asset_receivable")
        self.recoveries.with_user(self.controller)._recover(
            line.with_user(self.controller), amount, self.today, receipt.with_user(self.controller)
        )
        return f"{line.display_name} {amount}"

    def step_cancel_recovery(self):
        recovery = self.pick(
            self.recoveries.search([], order="id").filtered(lambda one: not one.is_cancelled)
        )
        recovery.with_user(self.controller).action_cancel()
        return recovery.display_name

    # ------------------------------------------------------------------
    # Orders, customers
    # ------------------------------------------------------------------

    def step_order(self):
        partner, company = self.pick_partner(), self.pick_company()
        seller = self.salesperson if company == self.company else self.branch_seller
        order = (
            self.env["sale.order"]
            .with_user(seller)
            .with_company(company)
            .create(
                {
                    "company_id": company.id,
                    "partner_id": partner.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.by_order.id,
                                "product_uom_qty": self.random.randint(1, 5),
                                "price_unit": self.random.choice(AMOUNTS),
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
            )
        )
        order.action_confirm()
        self.orders += order.with_env(self.env)
        return f"{order.name} {order.amount_total} {partner.name} {company.name} {order.sudo().state}"

    def step_decide_hold(self):
        hold = self.pick_record("ar.credit.hold", state=["held"])
        if self.random.random() < 0.3:
            hold.with_user(self.manager).action_refuse("No")
        else:
            hold.with_user(self.manager).action_release("Good customer")
        return f"{hold.display_name} {hold.state}"

    def step_invoice_order(self):
        order = self.pick(
            self.orders.exists().filtered(
                lambda one: one.state == "sale" and one.invoice_status == "to invoice"
            )
        )
        invoice = order._create_invoices(final=True)
        if self.random.random() < 0.8:
            invoice.with_user(self.get_clerk(invoice.company_id)).action_post()
        self.invoices += invoice
        return f"{order.name} {invoice.name} {invoice.state}"

    def step_cancel_order(self):
        order = self.pick(self.orders.exists().filtered(lambda one: one.state == "sale"))
        order._action_cancel()
        return order.name

    def step_limit(self):
        partner = self.pick([one for one in self.customers if one.exists()]).commercial_partner_id
        profile = self.make_profile(partner)
        profile.with_user(self.manager).limit = self.random.choice((0, 1000, 5000, 50000))
        return f"{partner.name} {profile.limit}"

    def step_merge(self):
        alive = [partner for partner in self.customers if partner.exists() and not partner.parent_id]
        if len(alive) < 4:
            raise NothingThereError("few customers are left")
        kept, gone = self.random.sample(alive, 2)
        names = f"{gone.name} into {kept.name}"
        self.env["base.partner.merge.automatic.wizard"].create({})._merge((kept | gone).ids, kept)
        self.env.invalidate_all()
        self.partners = [partner for partner in self.partners if partner.exists()]
        return names

    def step_parent(self):
        alive = [partner for partner in self.customers if partner.exists() and not partner.child_ids]
        partner = self.pick(alive)
        if partner.parent_id:
            partner.with_user(self.accountant).write({"parent_id": False, "is_company": True})
            return f"{partner.name} on its own"
        parent = self.pick([other for other in self.customers if other.exists() and other != partner])
        partner.with_user(self.accountant).write({"parent_id": parent.id, "is_company": False})
        return f"{partner.name} part of {parent.name}"
