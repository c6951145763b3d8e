from datetime import timedelta
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Command

from .ar_credit_demo import HAMBURG


class Loss(NamedTuple):
    """A write-off of the story: items by what is open of them, and how far it went."""

    customer: str
    amounts: tuple
    reason: str
    note: str
    evidence: str = ""  # name of the file that proves it
    state: str = "submitted"
    why_refused: str = ""
    why_in_transit: str = ""


LOSSES = [
    Loss(
        "sunfield",
        (6200, 4900),
        "insolvency",
        "Bankruptcy opened in spring; claim filed. The trustee expects 15 to 20 %.",
        evidence="Notice of the bankruptcy court.txt",
        state="posted",
    ),
    Loss(
        "cobalt",
        (360,),
        "small",
        "Freight that they deducted; four reminders. A lawyer would cost more.",
        state="posted",
    ),
    Loss(
        "nordlicht",
        (3680,),
        "dissolved",
        "Struck off the register; the liquidator confirmed that nothing is left.",
        evidence="Extract from the commercial register.txt",
        state="posted",
    ),
    Loss(
        "delgado",
        (6400,),
        "fraud",
        "Cheque returned unpaid; the company at the address never heard of them.",
        evidence="Report to the police.txt",
        state="approved",
    ),
    Loss(
        "delgado",
        (3900,),
        "fraud",
        "The second delivery of the same order; nobody answers since.",
        evidence="Report to the police (copy).txt",
    ),
    Loss(
        "alder",
        (2450,),
        "small",
        "They say that the goods never came; the carrier's proof is lost.",
        why_in_transit="The 600.00 are the deposit for an order of this month.",
    ),
    Loss(
        "lefevre",
        (12400,),
        "settlement",
        "They want the price of last year.",
        evidence="Mail of the purchasing manager.txt",
        state="refused",
        why_refused="A dispute is no loss: settle it first.",
    ),
]
# Of the estate of the bankrupt customer, on its oldest invoice.
DIVIDEND = 1085
DEPOSIT = 600
MONTHS = 24


class ArCreditDemo(models.AbstractModel):
    """Write-offs in every state, a recovery, loss rates from the company's history, and a back-test."""

    _inherit = "ar.credit.demo"

    @api.model
    def _load_writeoffs(self):
        """Ask, decide and post as the people of the demonstration do, once; where there is a history."""
        history = self.env["account.move"].search_count(
            [("partner_id", "=", self._customer("sunfield").id)], limit=1
        )
        if not history or self.env["ar.writeoff"].search_count([], limit=1):
            return
        demo = self.with_context(tracking_disable=True, mail_create_nosubscribe=True, mail_notrack=True)
        main, hamburg = self.env.ref("base.main_company"), self.env.ref(HAMBURG)
        hamburg.writeoff_tax = "reverse"
        in_main = demo.with_company(main).with_context(allowed_company_ids=main.ids)
        in_hamburg = demo.with_company(hamburg).with_context(allowed_company_ids=hamburg.ids)
        in_main._load_deposit()
        for loss in LOSSES:
            (in_hamburg if loss.customer == "nordlicht" else in_main)._load_loss(loss)
        in_main._load_recovery()
        in_main._load_derivation()
        in_main._load_backtest()
        # What was written off is open no more.
        drafts = self.env["ar.provision.run"].search([("state", "=", "draft")])
        drafts.with_user(self._controller()).action_compute()

    @api.model
    def _load_deposit(self):
        self._create_payments(
            [
                (
                    self._customer("alder"),
                    4,
                    DEPOSIT,
                    self.env.company.currency_id,
                    self.env._("Deposit, order of this month"),
                )
            ]
        )

    @api.model
    def _load_loss(self, loss):
        writeoff = self._ask_for_loss(loss)
        manager, controller = self.env.ref("ar_credit_control.demo_user_mona"), self._controller()
        if loss.state == "refused":
            writeoff.with_user(manager).action_refuse(loss.why_refused)
        if loss.state in ("approved", "posted"):
            writeoff.with_user(manager).action_approve()
        if loss.state == "posted":
            writeoff.with_user(controller).action_post()

    @api.model
    def _ask_for_loss(self, loss):
        """Ask through the form that a collector fills in."""
        collector = self._collector()
        items = self.env["ar.aging.report"].with_user(collector).search([])
        items = items.filtered(
            lambda item: (
                item.partner_id == self._customer(loss.customer) and item.amount_currency in loss.amounts
            )
        )
        requests = self.env["ar.writeoff.request"].with_user(collector)
        request = requests.browse(requests._open_form(items)["res_id"])
        request.write(
            {
                "reason_id": self.env.ref(f"ar_credit_control.writeoff_reason_{loss.reason}").id,
                "note": loss.note,
                "in_transit_ack": loss.why_in_transit,
                "document_ids": [Command.create(values) for values in self._prepare_evidence(loss)],
            }
        )
        writeoff = request._create_writeoff()
        # Some days ago, but after the last run, so that it stands in the movements since.
        last = writeoff._get_last_run().date
        writeoff.date = max(self._date(9), last + timedelta(days=1)) if last else self._date(9)
        writeoff.action_submit()
        return writeoff

    @api.model
    def _prepare_evidence(self, loss):
        if not loss.evidence:
            return []
        text = f"{loss.evidence.removesuffix('.txt')}\n\n{loss.note}\n"
        return [{"name": loss.evidence, "raw": text.encode(), "mimetype": "text/plain"}]

    @api.model
    def _load_recovery(self):
        """A first dividend of the bankrupt customer's estate, on its oldest invoice."""
        partner, age = self._customer("sunfield"), 2
        line = self.env["ar.writeoff.line"].search([("partner_id", "=", partner.id)], limit=1)
        if line.writeoff_date > self._date(age):
            age = 0
        currency = self.env.company.currency_id
        memo = self.env._("First dividend of the estate")
        payment = self._create_payments([(partner, age, DIVIDEND, currency, memo)])
        receipt = payment.move_id.line_ids.filtered(lambda item: item.account_type == "asset_receivable")
        line = line.with_user(self._controller())
        line.recovery_ids._recover(line, DIVIDEND, self._date(age), receipt)

    @api.model
    def _load_derivation(self):
        """Loss rates from the company's own months, as a draft that the manager finds."""
        policy = self.env["ar.provision.policy"].search([("company_id", "=", self.env.company.id)], limit=1)
        histories = self.env["ar.provision.derivation"].with_user(self._controller())
        history = histories.create(
            {
                "policy_id": policy.id,
                "date_to": self._date(0).replace(day=1) - timedelta(days=1),
                "months": MONTHS,
                "smoothing": 50000,
            }
        )
        history.action_compute()
        history.action_make_matrix()

    @api.model
    def _load_backtest(self):
        """Whether the oldest posted run was right, by what is known today."""
        run = self.env["ar.provision.run"].search(
            [("company_id", "=", self.env.company.id), ("state", "=", "posted")], order="date", limit=1
        )
        if run:
            tests = self.env["ar.provision.backtest"].with_user(self._controller())
            tests.create({"run_id": run.id, "date_to": self._date(0)}).action_compute()
