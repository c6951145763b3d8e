from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

STATES = [("open", "In Progress"), ("agency", "With an Agency"), ("legal", "Legal"), ("closed", "Closed")]
PHASES = [("credit", "Credit Period"), ("coordination", "Coordination"), ("clearing", "Clearing")]


class ArCollectionCase(models.Model):
    """All that is done to collect what one customer owes, while a rule, a letter or a person says so.

    One open case per credit profile, held by a database unique index. Nobody has the right to create, write
    or delete cases: they change through their methods, which check rights, and stay as evidence.
    """

    _name = "ar.collection.case"
    _description = "Collection Case"
    _inherit = [
        "ar.collector.notes.mixin",
        "ar.customer.reply.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ar.customer.link.mixin",
        "ar.own.customer.mixin",
    ]
    _rec_name = "partner_id"
    _order = "state, opened_date desc, id desc"

    profile_id = fields.Many2one(
        "ar.credit.profile", required=True, index=True, readonly=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, index=True, readonly=True, ondelete="restrict"
    )
    partner_name = fields.Char(
        string="Customer Name", readonly=True, help="As it was when the case was opened."
    )
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    rating_id = fields.Many2one(related="profile_id.rating_id")
    profile_note = fields.Text(related="profile_id.note")
    salesperson_id = fields.Many2one(related="partner_id.user_id", string="Salesperson")
    state = fields.Selection(
        STATES, string="Status", required=True, readonly=True, default="open", index=True, tracking=True
    )
    phase = fields.Selection(
        PHASES,
        required=True,
        readonly=True,
        default="coordination",
        tracking=True,
        group_expand="_expand_phases",
        help="Of the oldest overdue item, as of the last night. Credit period: nothing is overdue.",
    )
    collector_id = fields.Many2one(
        "res.users",
        readonly=True,
        index="btree_not_null",
        tracking=True,
        help="Who works the case. While it is open, the collector of the customer's credit profile.",
    )
    opened_by = fields.Selection(
        [
            ("hand", "By hand"),
            ("rule", "Rule"),
            ("stage", "Dunning stage"),
            ("promise", "Broken promise"),
            ("plan", "Missed instalment"),
            ("dispute", "Dispute"),
            ("placement", "Placement"),
        ],
        required=True,
        readonly=True,
        default="hand",
    )
    opened_reason = fields.Char(string="Why Opened", readonly=True)
    opened_date = fields.Date(string="Opened On", required=True, readonly=True)
    opened_count = fields.Integer(
        string="Times Opened",
        readonly=True,
        help="More than once: it was closed and opened again soon after.",
    )
    settled_date = fields.Date(
        string="Nothing Overdue Since", readonly=True, help="The case closes some quiet days after this."
    )
    closed_date = fields.Date(string="Closed On", readonly=True)
    closed_reason = fields.Char(string="Why Closed", readonly=True)
    merged_into_id = fields.Many2one(
        "ar.collection.case",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The case that goes on, after customers were merged.",
    )
    snooze_until = fields.Date(
        readonly=True, tracking=True, help="Not on the worklist before this day, unless the customer acts."
    )
    snooze_date = fields.Date(string="Snoozed On", readonly=True)
    snooze_reason = fields.Char(readonly=True)

    _open_uniq = models.UniqueIndex(
        "(profile_id) WHERE state != 'closed'", "The customer has an open collection case already."
    )

    @api.model
    def _expand_phases(self, phases, domain):
        """Show the columns of those who owe; that of the credit period, where nothing is overdue, if used."""
        return [phase for phase, _label in PHASES if phase != "credit" or phase in phases]

    @api.depends("partner_name", "state", "closed_date")
    def _compute_display_name(self):
        for case in self:
            name = case.partner_id.name or case.partner_name or ""
            case.display_name = self.env._("%s (closed)", name) if case.state == "closed" else name

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._("Collection cases are evidence and cannot be deleted. Close them instead.")
        )

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Let collectors plan steps for colleagues: who is given a step follows the case.

        Core asks for the right to write, which nobody has.
        """
        partners = (
            self.env["res.partner"].sudo().browse(partner_ids or ())
        )  # sudo: whether they are colleagues
        colleagues = partners.user_ids.filtered(lambda user: not user.share).partner_id
        if self.env.user.has_group("ar_credit_control.group_collector") and partners <= colleagues:
            self.check_access("read")
            # sudo: see above
            return super(ArCollectionCase, self.sudo()).message_subscribe(partner_ids, subtype_ids)
        return super().message_subscribe(partner_ids, subtype_ids)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_close(self):
        """Close cases by hand.

        :raise AccessError: for who is no collector
        """
        self._check_works()
        self._close(self.env._("Closed by hand"))

    def action_reopen(self):
        """Open closed cases again.

        :raise AccessError: for who is no collector
        :raise UserError: when the customer has another open case
        """
        self._check_works()
        closed = self.filtered(lambda case: case.state == "closed")
        others = self.sudo().search(  # sudo: whether there is one, not what is in it
            [("profile_id", "in", closed.profile_id.ids), ("state", "!=", "closed")], limit=1
        )
        if others:
            raise UserError(
                self.env._("%s has another open case. Work on that one.", others.partner_id.display_name)
            )
        closed._reopen(self.env._("Opened again by hand"))

    def action_open_profile(self):
        """Open the credit profile of the customer."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.credit.profile",
            "res_id": self.profile_id.id,
            "views": [(False, "form")],
        }

    def _check_works(self):
        """Raise AccessError unless the user works cases and may see these."""
        if not self.env.su and not self.env.user.has_group("ar_credit_control.group_collector"):
            raise AccessError(self.env._("Only collectors work on collection cases."))
        self.check_access("read")

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _get_or_open(self, profiles, reason, opened_by="hand"):
        """Return the open cases of credit profiles, opening those that are missing.

        Internal: no access check. A case closed lately (``collection_reopen_days``) is opened again; the
        others are created by one ``INSERT … ON CONFLICT``. A case that was open already stays as it is.

        :param profiles: ``ar.credit.profile`` records
        :param reason: text, said in the case; or a dict of texts by profile id
        :param opened_by: key of the field ``opened_by``
        """
        cases = self.sudo()  # sudo: nobody has the right to write cases
        profiles = profiles.sudo()  # sudo: as above
        open_cases = cases.search([("profile_id", "in", profiles.ids), ("state", "!=", "closed")])
        missing = profiles - open_cases.profile_id
        reasons = reason if isinstance(reason, dict) else dict.fromkeys(missing.ids, reason)
        if missing:
            reopened = cases._find_reopenable(missing)
            for text, batch in reopened.grouped(lambda case: reasons.get(case.profile_id.id)).items():
                batch._reopen(text)
            missing -= reopened.profile_id
            open_cases |= reopened
        if missing:
            open_cases |= cases._open_new(missing, reasons, opened_by)
        return open_cases.with_env(self.env)

    @api.model
    def _find_reopenable(self, profiles):
        """Return for each profile the last case, if it was closed so lately that it goes on."""
        found = self.browse()
        for company, batch in profiles.grouped("company_id").items():
            since = company._credit_today() - timedelta(days=company.collection_reopen_days)
            closed = self.search(
                [
                    ("profile_id", "in", batch.ids),
                    ("state", "=", "closed"),
                    ("closed_date", ">=", since),
                    ("merged_into_id", "=", False),
                ],
                order="closed_date, id",
            )
            # The last one of a profile wins.
            found |= self.union(*{case.profile_id: case for case in closed}.values())
        return found

    @api.model
    def _open_new(self, profiles, reasons, opened_by):
        profiles.flush_recordset()
        today = {company: company._credit_today() for company in profiles.company_id}
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO ar_collection_case
                       (profile_id, partner_id, partner_name, company_id, collector_id, state, phase,
                        opened_by, opened_reason, opened_date, opened_count,
                        create_uid, create_date, write_uid, write_date)
                SELECT profile.id, profile.partner_id, partner.name, profile.company_id, profile.collector_id,
                       'open', 'coordination', %(opened_by)s, given.reason, given.today, 1,
                       %(uid)s, NOW() AT TIME ZONE 'UTC', %(uid)s, NOW() AT TIME ZONE 'UTC'
                  FROM (VALUES %(given)s) AS given(profile_id, reason, today)
                  JOIN ar_credit_profile profile ON profile.id = given.profile_id
                  JOIN res_partner partner ON partner.id = profile.partner_id
              ORDER BY profile.id
           ON CONFLICT (profile_id) WHERE state != 'closed' DO NOTHING
             RETURNING id
                """,
                opened_by=opened_by,
                uid=self.env.uid,
                given=SQL(", ").join(
                    SQL(
                        "(%s, %s::varchar, %s::date)",
                        profile.id,
                        reasons.get(profile.id) or None,
                        today[profile.company_id],
                    )
                    for profile in profiles
                ),
            )
        )
        opened = self.browse(case_id for (case_id,) in rows)
        opened._message_log_batch(
            bodies={
                case.id: self.env._("Case opened: %s", case.opened_reason)
                if case.opened_reason
                else self.env._("Case opened")
                for case in opened
            }
        )
        opened._refresh(log=False)
        opened._assign()
        # Of a race that was lost, the case of the winner.
        return opened | self.search([("profile_id", "in", profiles.ids), ("state", "!=", "closed")])

    def _reopen(self, reason):
        for case in self:
            case.write(
                {
                    "state": "open",
                    "collector_id": (case.profile_id.collector_id or case.collector_id).id,
                    "closed_date": False,
                    "closed_reason": False,
                    "settled_date": False,
                    "snooze_until": False,
                    "snooze_reason": False,
                    "opened_count": case.opened_count + 1,
                }
            )
        self._message_log_batch(bodies=dict.fromkeys(self.ids, reason or self.env._("Opened again")))
        self._refresh(log=False)
        self._assign()

    def _close(self, reason, **values):
        """Close cases; the next steps that were planned on them are done with.

        :param reason: text
        """
        cases = self.sudo().filtered(lambda case: case.state != "closed")  # sudo: nobody writes cases
        cases.activity_ids.unlink()
        for company, batch in cases.grouped("company_id").items():
            batch.write(
                {
                    "state": "closed",
                    "closed_date": company._credit_today(),
                    "closed_reason": reason,
                    "snooze_until": False,
                    "snooze_reason": False,
                    **values,
                }
            )
        cases._message_log_batch(bodies=dict.fromkeys(cases.ids, reason))

    def _set_state(self, state, reason):
        """Move open cases to ``open``, ``agency`` or ``legal``: what placements call.

        :param reason: text for the case
        """
        cases = self.sudo().filtered(lambda case: case.state not in ("closed", state))  # sudo: see above
        cases.write({"state": state})
        cases._message_log_batch(bodies=dict.fromkeys(cases.ids, reason))

    def _log(self, kind, body):
        """Note on the cases that something happened: what other rooms call.

        :param kind: what it is about (``promise``, ``dispute``, ``letter`` …), for those who extend this
        :param body: text or Markup; texts are escaped
        """
        self._message_log_batch(bodies=dict.fromkeys(self.ids, body))

    def _note_reply(self, message):
        """Bring an answer to a closed case to the open one of the customer, or ask our contact to read it.

        Of an open case the worklist says that the customer answered.
        """
        self.ensure_one()
        self.reply_date = message.date
        if self.state == "closed" and self._get_open_case():
            self._forward_reply(message)
        elif self.state == "closed":
            self._ask_to_read()

    @api.model
    def _merge_profiles(self, kept, others, debtor):
        """Close the open cases of profiles that are about to be merged, but one, with a link to that one."""
        cases = self.sudo().search(  # sudo: a merge leaves nothing behind
            [("profile_id", "in", (kept | others).ids), ("state", "!=", "closed")], order="opened_date, id"
        )
        if not cases:
            return
        stays = cases.filtered(lambda case: case.profile_id == kept)[:1] or cases[0]
        (cases - stays)._close_into(stays, self.env._("Customers were merged"))
        stays.write({"partner_name": debtor.name})
        self.env.flush_all()

    @api.model
    def _follow_profile(self, profile, heir):
        """Go on with the open case of a customer that became part of another one.

        :param profile: the profile that closes
        :param heir: that of the customer it is part of now
        """
        cases = self.sudo()  # sudo: whoever edits contacts moves their cases
        case = cases.search([("profile_id", "=", profile.id), ("state", "!=", "closed")])
        if not case:
            return
        reason = self.env._(
            "%(customer)s is now part of %(successor)s.",
            customer=profile.partner_id.display_name,
            successor=heir.partner_id.display_name,
        )
        stays = cases.search([("profile_id", "=", heir.id), ("state", "!=", "closed")])
        if stays:
            case._close_into(stays, reason)
            return
        case.write({"profile_id": heir.id, "partner_id": heir.partner_id.id})
        case._message_log(body=reason)
        case._set_collector(heir.collector_id or case.collector_id)

    def _close_into(self, stays, reason):
        """Close cases for one that goes on, with the next steps that were planned on them."""
        self.activity_ids.write({"res_id": stays.id})
        (self | stays).invalidate_recordset(["activity_ids"])
        self._close(reason, merged_into_id=stays.id)
