from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common_dunning import DunningCase


@tagged("post_install", "-at_install")
class TestDunningEdit(DunningCase):
    """What a person changes before a letter goes out, and which letters a proposal is limited to."""

    def second_letter(self, **invoice):
        """A letter of the second stage: the first was sent a week ago."""
        self.make_invoice(days=40, **invoice)
        self.send(self.propose().letter_ids)
        return self.propose(self.today + timedelta(days=7)).letter_ids

    def log(self, letter):
        return " ".join(letter.message_ids.mapped("body"))

    def test_a_lower_stage_is_what_counts_afterwards(self):
        letter = self.second_letter()
        self.assertEqual(letter.stage_id, self.second)
        letter.with_user(self.collector)._edit(stage=self.first)
        self.assertEqual((letter.stage_id, letter.line_ids.stage_id), (self.first, self.first))
        self.assertIn(self.second.name, self.log(letter))
        letter.with_user(self.other_controller).action_approve()
        letter.sudo()._queue()
        self.assertEqual(letter.stage_id, self.first, "the check when sending keeps the choice")
        letter.sudo()._mark_sent()
        again = self.propose(self.today + timedelta(days=14)).letter_ids
        self.assertEqual(again.stage_id, self.second, "the second stage is still to come")

    def test_stages_only_go_down(self):
        letter = self.second_letter()
        for stage in (self.third, self.before):
            with self.assertRaises(UserError):
                letter.with_user(self.collector)._edit(stage=stage)
        other = self.make_policy(self.company).stage_ids.sorted("day_offset")[1]
        with self.assertRaises(UserError):
            letter.with_user(self.collector)._edit(stage=other)

    def test_archived_stages_are_none_to_go_down_to(self):
        letter = self.second_letter()
        self.first.active = False
        with self.assertRaises(UserError):
            letter.with_user(self.collector)._edit(stage=self.first)

    def test_what_stood_lower_stays_there(self):
        """Lowered from the third to the second stage, what came to the first one does not climb."""
        self.make_invoice(days=60)
        for days in (0, 7):
            letter = self.propose(self.today + timedelta(days=days)).letter_ids
            self.send(letter)
            letter.sudo().date = self.today + timedelta(days=days)
        young = self.make_invoice(days=5, amount=70)
        letter = self.propose(self.today + timedelta(days=14)).letter_ids
        self.assertEqual(letter.stage_id, self.third)
        letter.with_user(self.collector)._edit(stage=self.second)
        stages = {line.move_id: line.stage_id for line in letter.line_ids}
        self.assertEqual(set(stages.values()), {self.first, self.second})
        self.assertEqual(stages[young], self.first)

    def test_credit_comes_off_when_items_are_taken_off(self):
        gone = self.make_invoice(days=30, amount=500)
        self.make_invoice(days=20, amount=1000)
        self.make_entry([(self.customer, None, -200.0)])
        letter = self.propose().letter_ids
        self.assertEqual(letter.amount_total, 1300)
        letter.line_ids.filtered(lambda item: item.move_id == gone).with_user(self.collector).action_drop()
        self.assertEqual((letter.amount_due, letter.amount_total), (1000, 800))
        self.send(letter)
        self.assertEqual((letter.amount_due, letter.amount_credit, letter.amount_total), (1000, 200, 800))

    def test_something_due_is_left(self):
        due = self.make_invoice(days=30, amount=500)
        self.make_invoice(days=1, amount=70)
        letter = self.propose().letter_ids
        self.assertEqual(letter.line_ids.mapped("is_due"), [True, False])
        line = letter.line_ids.filtered(lambda item: item.move_id == due)
        with self.assertRaisesRegex(UserError, "drop the letter"):
            line.with_user(self.collector).action_drop()

    def test_recipient_and_channel_stay_when_sending(self):
        person = self.env["res.partner"].create(
            {"name": "Ines Buchhaltung", "parent_id": self.customer.id, "email": "ines@example.com"}
        )
        self.make_invoice(days=20)
        letter = self.propose().letter_ids
        wizard = Form(
            self.env["ar.dunning.letter.edit"]
            .with_user(self.collector)
            .with_context(default_letter_id=letter.id)
        )
        self.assertEqual(wizard.stage_id, self.first)
        wizard.recipient_id = person
        wizard.personal_text = "As agreed with Ms <b>Ines</b> on the phone."
        wizard.save().action_apply()
        self.assertEqual(letter.recipient_id, person)
        letter.with_user(self.controller).action_approve()
        letter.sudo()._queue()
        self.assertEqual(letter.mail_id.recipient_ids, person)
        self.assertIn("As agreed with Ms &lt;b&gt;Ines&lt;/b&gt; on the phone.", letter.mail_id.body_html)
        self.assertIn("As agreed with Ms &lt;b&gt;Ines", letter._render_html())

        other = self.make_customer("Other")
        self.make_invoice(days=20, partner=other)
        letter = self.propose().letter_ids
        letter.with_user(self.collector)._edit(channel="post")
        letter.with_user(self.controller).action_approve()
        letter.sudo()._queue()
        self.assertEqual((letter.state, letter.channel), ("queued", "post"))
        self.assertFalse(letter.mail_id)

    def test_strangers_and_missing_addresses_are_refused(self):
        self.make_invoice(days=20)
        letter = self.propose().letter_ids.with_user(self.collector)
        with self.assertRaises(UserError):
            letter._edit(recipient=self.make_customer("Stranger"))
        self.customer.write({"street": False, "city": False})
        with self.assertRaises(UserError):
            letter._edit(channel="post")

    def test_only_collectors_change_letters(self):
        self.make_invoice(days=20, partner=self.make_customer("Own", user_id=self.seller.id))
        letter = self.propose().letter_ids
        for user in (self.seller, self.auditor):
            with self.assertRaises(AccessError):
                letter.with_user(user)._edit(personal_text="Pay!")
            with self.assertRaises(AccessError):
                letter.line_ids.with_user(user).action_drop()
            with self.assertRaises(AccessError):
                self.env["ar.dunning.letter.edit"].with_user(user).create({"letter_id": letter.id})
        self.assertFalse(letter.personal_text)

    def test_a_changed_letter_is_approved_again(self):
        self.make_invoice(days=20)
        letter = self.propose().letter_ids
        letter.with_user(self.controller).action_approve()
        letter.with_user(self.collector)._edit(personal_text="Please")
        self.assertEqual((letter.state, letter.approved_by_id), ("draft", self.env["res.users"]))
        letter.with_user(self.controller).action_approve()
        letter.sudo()._queue()
        with self.assertRaises(UserError):
            letter.with_user(self.collector)._edit(personal_text="Too late")

    def test_who_wrote_the_text_does_not_approve_it(self):
        self.first.requires_approval = True
        self.make_invoice(days=20)
        letter = self.propose(user=self.collector).letter_ids
        letter.with_user(self.controller)._edit(personal_text="Pay or else")
        self.assertFalse(letter.with_user(self.controller).can_approve)
        with self.assertRaises(AccessError):
            letter.with_user(self.controller).action_approve()
        letter.with_user(self.other_controller).action_approve()
        self.assertEqual(letter.state, "approved")

    def test_items_are_taken_off_and_come_again(self):
        keep = self.make_invoice(days=20, amount=1000)
        gone = self.make_invoice(days=30, amount=500)
        letter = self.propose().letter_ids
        line = letter.line_ids.filtered(lambda item: item.move_id == gone)
        line.with_user(self.collector).action_drop()
        self.assertEqual((letter.amount_total, letter.item_count, letter.days_overdue), (1000, 1, 20))
        self.assertIn(gone.name, self.log(letter))
        with self.assertRaises(UserError):
            letter.line_ids.with_user(self.collector).action_drop()
        self.send(letter)
        self.assertEqual(letter.line_ids.move_id, keep, "what was taken off does not come back when sending")
        again = self.propose(self.today + timedelta(days=7)).letter_ids
        self.assertEqual(again.line_ids.filtered(lambda item: item.move_id == gone).stage_id, self.first)

    # Filters

    def filtered(self, **filters):
        wizard = (
            self.env["ar.dunning.propose"]
            .with_user(self.collector)
            .create(
                {"policy_id": self.policy.id, "company_id": self.company.id, "date": self.today, **filters}
            )
        )
        preview = wizard.action_preview()
        rows = (
            self.env[preview["res_model"]]
            .with_user(self.collector)
            .with_context(**preview["context"])
            .search([*preview["domain"], ("outcome", "=", "letter")])
        )
        expected = rows.partner_id
        run = self.env["ar.dunning.run"].browse(wizard.action_propose()["res_id"])
        self.assertEqual(run.letter_ids.partner_id, expected, "the preview shows the proposal")
        self.assertEqual(run.has_filter, bool(filters))
        letters = run.letter_ids
        partners = letters.partner_id
        letters.sudo()._cancel_unsent("waiting")
        return partners

    def test_proposals_are_limited(self):
        tag = self.env["res.partner.category"].create({"name": "Key account"})
        small = self.make_customer("Small")
        tagged_one = self.make_customer("Tagged", category_id=[Command.set(tag.ids)], user_id=self.seller.id)
        invoices = self.make_invoice(days=20, amount=1000)
        self.make_invoice(days=20, amount=60, partner=small)
        self.make_invoice(days=-4, amount=5000, partner=tagged_one)
        everyone = self.customer | small | tagged_one
        self.env["ar.credit.profile"]._get_or_create(small, self.company).collector_id = self.collector
        contact = self.env["res.partner"].create({"name": "Contact", "parent_id": small.id})
        self.assertEqual(self.filtered(), everyone)
        self.assertEqual(self.filtered(filter_partner_ids=[Command.set(contact.ids)]), small)
        self.assertEqual(self.filtered(filter_category_ids=[Command.set(tag.ids)]), tagged_one)
        self.assertEqual(self.filtered(filter_collector_id=self.collector.id), small)
        self.assertEqual(self.filtered(filter_user_id=self.seller.id), tagged_one)
        self.assertEqual(self.filtered(filter_stage_ids=[Command.set(self.before.ids)]), tagged_one)
        self.assertEqual(self.filtered(filter_min_amount=100), self.customer | tagged_one)
        self.assertEqual(
            self.filtered(filter_min_amount=100, filter_stage_ids=[Command.set(self.first.ids)]),
            self.customer,
        )
        self.assertTrue(invoices)

    def test_limits_are_of_what_is_asked_for_and_of_the_company(self):
        other = self.make_customer("Other")
        for partner in (self.customer, other):
            self.make_invoice(days=20, amount=1000, partner=partner)
        self.make_entry([(self.customer, None, -930.0)])
        elsewhere = self.setup_other_company()["company"]
        profiles = self.env["ar.credit.profile"]
        profiles._get_or_create(other, elsewhere).collector_id = self.collector
        profiles._get_or_create(self.customer, self.company).collector_id = self.collector
        self.assertEqual(self.filtered(filter_collector_id=self.collector.id), self.customer)
        self.assertEqual(self.filtered(filter_min_amount=71), other)
        self.assertEqual(self.filtered(filter_min_amount=70), self.customer | other)

    def test_smallest_amount_converts_currencies(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "rate": 0.5, "name": self.today, "company_id": self.company.id}
        )
        foreign = self.make_customer("Foreign")
        self.make_invoice(days=20, amount=60, partner=foreign, currency=euro)
        self.make_invoice(days=20, amount=110)
        self.assertEqual(self.filtered(filter_min_amount=115), foreign)
