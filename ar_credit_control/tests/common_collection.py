from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user

from .common_dunning import DunningCase


class CollectionCase(DunningCase):
    """Customers in a company, collectors, and cases opened by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cases = cls.env["ar.collection.case"]
        cls.worklist = cls.env["ar.collection.worklist"]
        cls.company.write(
            {
                "collection_active": True,
                "collection_contact_days": 7,
                "collection_quiet_days": 3,
                "collection_reopen_days": 30,
            }
        )
        cls.rules = cls.env["ar.collection.rule"].search([("company_id", "=", cls.company.id)])
        cls.other = cls.make_customer("Lindgren AB")
        cls.colleague = new_test_user(
            cls.env,
            "dun_collector_2",
            groups="ar_credit_control.group_collector",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def profile(cls, partner=None, company=None):
        return cls.env["ar.credit.profile"]._get_or_create(partner or cls.customer, company or cls.company)

    @classmethod
    def open(cls, partner=None, collector=None, company=None):
        """The open case of a customer, worked by a collector."""
        profile = cls.profile(partner, company)
        profile.collector_id = collector or cls.collector
        return cls.cases._get_or_open(profile, "Asked by a test")

    def figures(self, case):
        return case._get_case_figures()[case.id]

    def rows(self, user=None, **context):
        """The worklist of a user, in order, as that user reads it."""
        self.env.flush_all()
        self.env.invalidate_all()
        user = user or self.collector
        return self.worklist.with_user(user).with_context(**context).search([("user_id", "=", user.id)])

    def row(self, case):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.worklist.search([("case_id", "=", case.id)])

    @classmethod
    def contact(cls, case, days):
        """What we sent so many days ago: a letter that went out."""
        run = (
            cls.env["ar.dunning.run"]
            .sudo()
            .create({"policy_id": cls.policy.id, "company_id": cls.company.id, "date": cls.today})
        )
        occurrence = cls.env["ar.dunning.letter"].search_count([("partner_id", "=", case.partner_id.id)]) + 1
        return (
            cls.env["ar.dunning.letter"]
            .sudo()
            .create(
                {
                    "name": f"DUN/TEST/{case.id}/{occurrence}",
                    "run_id": run.id,
                    "company_id": cls.company.id,
                    "policy_id": cls.policy.id,
                    "stage_id": cls.first.id,
                    "occurrence": occurrence,
                    "partner_id": case.partner_id.id,
                    "partner_name": case.partner_id.name,
                    "recipient_id": case.partner_id.id,
                    "channel": "email",
                    "date": cls.today,
                    "currency_id": cls.company.currency_id.id,
                    "state": "sent",
                    "sent_date": fields.Datetime.now() - timedelta(days=days),
                }
            )
        )

    @classmethod
    def reply(cls, case, text="Next week"):
        """A mail of the customer, as the mail gateway posts it."""
        return case.sudo().message_post(
            body=text,
            message_type="email",
            subtype_xmlid="mail.mt_comment",
            author_id=case.partner_id.id,
            email_from='"Ute Korn" <ute@example.com>',
        )

    @classmethod
    def promised(cls, case, days, amount=500.0):
        """A promise for a day from today; one for a day in the past is broken unless it was paid."""
        date = cls.today + timedelta(days=days)
        promise = cls.env["ar.payment.promise"]._record(
            case.partner_id, case.company_id, amount, max(date, cls.today)
        )
        if date < cls.today:
            promise.sudo().write({"date": date, "deadline": date, "date_given": date - timedelta(days=5)})
            promise._judge()
        return promise

    def dispute(self, invoice, amount):
        item = self.env["ar.aging.report"].search([("move_id", "=", invoice.id)], limit=1)
        category = self.env.ref("ar_credit_control.dispute_category_price")
        return self.env["ar.dispute"]._record(category, {item: amount}, "Too expensive")

    def place(self, *moves, kind="agency"):
        """Items handed over by the collector, approved by the controller."""
        items = self.env["ar.aging.report"].search(
            [("move_id", "in", [move.id for move in moves]), ("amount_currency", ">", 0)]
        )
        placements = self.env["ar.placement"].with_user(self.collector)
        agent = self.make_customer("Inkasso Nord")
        placement = placements._propose(items.with_user(self.collector), kind, agent)
        placement.action_submit()
        placement.with_user(self.controller).action_approve()
        return placement.with_env(self.env)
