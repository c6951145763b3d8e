import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_amount, format_date

PLACEHOLDER = re.compile(r"\{(\w+)\}")


class ArDunningStage(models.Model):
    """One step of a dunning policy: when it is reached and what the customer is told.

    Stages are ordered by their day offset. Those on or before the due date are reminders of what falls due;
    those after it are climbed one by one, each after the one before was sent.
    """

    _name = "ar.dunning.stage"
    _description = "Dunning Stage"
    _order = "policy_id, day_offset, id"

    def _default_template(self):
        return self.env.ref("ar_credit_control.mail_template_dunning_first", raise_if_not_found=False)

    name = fields.Char(required=True, translate=True)
    policy_id = fields.Many2one("ar.dunning.policy", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="policy_id.company_id")
    currency_id = fields.Many2one(related="policy_id.currency_id")
    sequence = fields.Integer(
        string="Level",
        compute="_compute_sequence",
        help="Position after the due date: 1 is the first. Zero: a reminder before the due date.",
    )
    active = fields.Boolean(default=True)
    day_offset = fields.Integer(
        string="Days From Due Date",
        required=True,
        default=3,
        help="Reached this many days after the due date; negative or zero: before it falls overdue.",
    )
    phase = fields.Selection(
        [("credit", "Credit Period"), ("coordination", "Coordination"), ("clearing", "Clearing")],
        required=True,
        default="coordination",
        help="Credit period: within the agreed term. Coordination: overdue, the relation comes first. "
        "Clearing: the money comes first.",
    )
    owner = fields.Selection(
        [("sales", "Sales Department"), ("finance", "Finance"), ("credit", "Credit Control")],
        required=True,
        default="credit",
        help="Who deals with the customer at this stage and gets its tasks. Sales: the salesperson of the "
        "customer. Finance: the contact of the policy. Credit control: the collector.",
    )
    send_by = fields.Selection(
        [
            ("email", "E-mail, else post"),
            ("post", "Postal Mail"),
            ("message", "Text message to copy"),
            ("none", "Nothing is sent"),
        ],
        required=True,
        default="email",
        help="How the letter reaches the customer. Text message: a person copies the text into WeChat or a "
        "short message.",
    )
    task = fields.Selection(
        [("call", "Call"), ("visit", "Visit")],
        help="What the owner of the stage does besides, or instead of, the letter.",
    )
    min_amount = fields.Monetary(
        string="Smallest Amount",
        help="What a customer owes at this stage, in one currency, must reach this amount; below it the "
        "items stay one stage lower. Other currencies convert it at the rate of the day.",
    )
    min_share = fields.Float(
        string="Smallest Share (%)",
        help="What a customer owes at this stage must reach this share of the whole balance; below it the "
        "items stay one stage lower.",
    )
    claims_interest = fields.Boolean(help="The letter claims late interest by the scheme of the policy.")
    stops_supply = fields.Boolean(
        help="Once a letter of this stage was sent, new orders and deliveries of the customer are held until "
        "its items are paid. Works where credit control is switched on for the company.",
    )
    repeat_days = fields.Integer(
        string="Repeat Every (days)",
        help="The stage is sent again after this many days while an item cannot go to a higher one. Zero: it "
        "is sent once.",
    )
    attach_invoices = fields.Boolean(help="The invoices go with the letter.")
    attach_statement = fields.Boolean(help="A statement of account goes with the letter.")
    payment_link = fields.Boolean(help="The letter carries a link to pay online.")
    legal = fields.Boolean(
        string="Hand Over",
        help="No letter: the items are proposed for an agency or a lawyer.",
    )
    requires_approval = fields.Boolean(
        string="Needs Approval",
        help="A credit controller other than the person who proposed the letter approves it. "
        "The schedule never sends it by itself.",
    )
    template_id = fields.Many2one(
        "mail.template",
        string="E-mail",
        required=True,
        default=lambda self: self._default_template(),
        ondelete="restrict",
        domain="[('model', '=', 'ar.dunning.letter')]",
    )
    letter_title = fields.Char(
        string="Letter Subject",
        required=True,
        translate=True,
        default=lambda self: self.env._("Payment reminder"),
    )
    letter_text = fields.Text(
        string="Letter Opening",
        translate=True,
        help="Before the list of items. {amount}, {overdue}, {days}, {deadline}, {company}, {customer} and "
        "{contact} are replaced.",
    )
    letter_closing = fields.Text(
        translate=True,
        help="After the list of items. {amount}, {overdue}, {days}, {deadline}, {company}, {customer} and "
        "{contact} are replaced.",
    )
    reply_days = fields.Integer(
        string="Deadline (days)", default=10, help="The letter asks for payment within this number of days."
    )
    playbook = fields.Html(
        translate=True, help="What to say and do at this stage, for the person who talks to the customer."
    )

    _policy_offset_uniq = models.UniqueIndex(
        "(policy_id, day_offset) WHERE active", "Two stages of a policy cannot fall on the same day."
    )

    _figures_positive = models.Constraint(
        "CHECK (min_amount >= 0 AND min_share >= 0 AND min_share <= 100 AND repeat_days >= 0)",
        "The smallest amount and the days until a stage repeats cannot be negative; the smallest share lies "
        "between 0 and 100 %.",
    )

    @api.depends("policy_id.stage_ids.day_offset", "day_offset")
    def _compute_sequence(self):
        for stage in self:
            offsets = sorted(set(stage.policy_id.stage_ids.mapped("day_offset")) | {stage.day_offset})
            stage.sequence = len([offset for offset in offsets if 0 < offset <= stage.day_offset])

    @api.depends("name", "day_offset")
    @api.depends_context("dunning_stage_days")
    def _compute_display_name(self):
        for stage in self:
            stage.display_name = stage.name
            if self.env.context.get("dunning_stage_days"):
                stage.display_name = f"{stage.name} ({stage.day_offset:+d})"

    @api.constrains("send_by", "task", "legal")
    def _check_does_something(self):
        for stage in self:
            if stage.send_by == "none" and not stage.task and not stage.legal:
                raise ValidationError(
                    self.env._("“%s” sends nothing: give it a task, or hand over its items.", stage.name)
                )

    @api.constrains("day_offset", "legal", "repeat_days", "stops_supply")
    def _check_before_due(self):
        for stage in self:
            if stage.day_offset <= 0 and (stage.legal or stage.repeat_days or stage.stops_supply):
                raise ValidationError(
                    self.env._(
                        "“%s” comes before an item is overdue: it cannot hand over, stop supply or repeat.",
                        stage.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        stages = super().create(vals_list)
        stages.filtered("stops_supply").policy_id._ensure_supply_stop()
        return stages

    def write(self, vals):
        result = super().write(vals)
        if vals.get("stops_supply"):
            self.policy_id._ensure_supply_stop()
        return result

    def _render_letter_text(self, text, letter):
        """Return ``text`` with its placeholders replaced by the figures of ``letter``; unknown ones stay.

        Runs in the language of the environment. The result is plain text: escape it in HTML.
        """
        values = self._prepare_placeholders(letter)
        return PLACEHOLDER.sub(lambda match: str(values.get(match[1], match[0])), text or "")

    def _prepare_placeholders(self, letter):
        return {
            "amount": format_amount(self.env, letter.amount_total, letter.currency_id),
            "overdue": format_amount(self.env, letter.amount_overdue, letter.currency_id),
            "days": letter.days_overdue,
            # In words: 3/4/2026 is another day to an American than to a European.
            "deadline": format_date(self.env, letter.deadline, date_format="long"),
            "company": letter.company_id.name,
            "customer": letter.partner_name,
            "contact": letter.contact_name,
        }
