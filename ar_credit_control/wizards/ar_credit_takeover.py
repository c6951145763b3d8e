import base64
import io
from collections import defaultdict

import xlsxwriter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_list
from odoo.tools.misc import formatLang

from . import takeover_file
from .table_file import as_text, parse_date, write_csv

BATCH = 200
# Kinds of identification, the surest first. "customer" may be any of them.
KEYS = ("external_id", "ref", "vat", "email", "name")
CURRENCY_WORDS = {"人民币": "CNY", "美元": "USD", "欧元": "EUR", "港币": "HKD", "日元": "JPY", "英镑": "GBP"}


class ArCreditTakeover(models.TransientModel):
    """Bring the credit decisions of a live company in, see what they would hold, and switch holds on.

    Decisions come from a CSV or XLSX file or are made for groups of customers at once. Each becomes a line
    that says what would change or why it is refused; nothing is written before the lines were seen. Lines
    within the authority of the user are decided and recorded as direct changes; those beyond it are submitted
    as reviews. Lines that say what is so already do nothing, so that the same file may come again.
    """

    _name = "ar.credit.takeover"
    _description = "Credit Take-over"
    _transient_max_hours = 48.0
    _transient_max_count = 0

    step = fields.Selection(
        [
            ("choose", "Choose"),
            ("check", "Check"),
            ("write", "Take Over"),
            ("done", "Result"),
            ("switch", "Switch On"),
        ],
        default="choose",
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company._credit_root(),
        domain="[('parent_id', '=', False), ('id', 'in', allowed_company_ids)]",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    source = fields.Selection(
        [("file", "From a file"), ("group", "For groups of customers")], default="file", required=True
    )
    file = fields.Binary(string="CSV or XLSX File", attachment=False)
    filename = fields.Char()
    encoding = fields.Selection(
        [
            ("auto", "Find out"),
            ("utf-8-sig", "UTF-8"),
            ("gb18030", "GBK / GB18030 (Chinese)"),
            ("cp1252", "Western European"),
        ],
        string="Characters",
        default="auto",
        required=True,
        help="For CSV files. Choose when names look wrong in the lines.",
    )
    header = fields.Json(readonly=True)
    ignored = fields.Char(string="Columns Not Used", readonly=True)

    line_ids = fields.One2many("ar.credit.takeover.line", "takeover_id", readonly=True)
    line_count = fields.Integer(compute="_compute_counts")
    ready_count = fields.Integer(compute="_compute_counts")
    unchanged_count = fields.Integer(compute="_compute_counts")
    refused_count = fields.Integer(compute="_compute_counts")
    done_count = fields.Integer(compute="_compute_counts")
    submitted_count = fields.Integer(compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts")
    refused_file = fields.Binary(compute="_compute_refused_file")
    template_file = fields.Binary(compute="_compute_template_file")

    active_already = fields.Boolean(compute="_compute_summary", compute_sudo=False)
    decided_count = fields.Integer(string="Customers with a limit", compute="_compute_summary")
    decided_amount = fields.Monetary(string="Limits together", compute="_compute_summary")
    undecided_count = fields.Integer(string="Customers owing without a limit", compute="_compute_summary")
    waiting_count = fields.Integer(string="Reviews waiting for approval", compute="_compute_summary")
    stopped_count = fields.Integer(string="Customers on hold", compute="_compute_summary")
    held_count = fields.Integer(string="Quotations that would be held", compute="_compute_summary")

    def _compute_display_name(self):
        self.display_name = self.env._("Take-over")

    @api.depends("line_ids.state")
    def _compute_counts(self):
        groups = self.env["ar.credit.takeover.line"]._read_group(
            [("takeover_id", "in", self.ids)], ["takeover_id", "state"], ["__count"]
        )
        counts = defaultdict(int, {(takeover.id, state): count for takeover, state, count in groups})
        for takeover in self:
            states = ("ready", "unchanged", "refused", "done", "submitted")
            for state in states:
                takeover[f"{state}_count"] = counts[takeover.id, state]
            total = sum(counts[takeover.id, state] for state in states)
            takeover.line_count = total
            takeover.progress = 100.0 * (total - takeover.ready_count) / total if total else 0.0

    def _compute_refused_file(self):
        for takeover in self:
            takeover.refused_file = base64.b64encode(takeover._write_refused())

    def _compute_template_file(self):
        self.template_file = base64.b64encode(self._write_template())

    @api.depends("step", "company_id")
    def _compute_summary(self):
        for takeover in self:
            takeover.update(takeover._get_summary() if takeover.step == "switch" else dict.fromkeys(SUMMARY))

    def _get_summary(self):
        """Return what a person should know before holds are switched on."""
        self.ensure_one()
        company = self.company_id
        profiles = self.env["ar.credit.profile"]
        exposure = self.env["ar.credit.exposure"]
        of_company = Domain("company_id", "=", company.id)
        decided = of_company & Domain("limit_set", "=", True)
        [(amount,)] = exposure._read_group(decided, [], ["limit:sum"])
        return {
            "active_already": company.credit_control_active,
            "decided_count": profiles.search_count(decided),
            "decided_amount": amount,
            "undecided_count": exposure.search_count(
                of_company & Domain("limit_set", "=", False) & Domain("exposure", ">", 0)
            ),
            "waiting_count": self.env["ar.credit.review"].search_count(
                of_company & Domain("state", "=", "submitted")
            ),
            "stopped_count": exposure.search_count(of_company & Domain("status", "in", ("hold", "blocked"))),
            "held_count": self.env["sale.order"].search_count(self._get_held_domain()),
        }

    def _get_held_domain(self):
        return [
            ("company_id", "child_of", self.company_id.id),
            ("state", "in", ("draft", "sent")),
            ("credit_forecast", "=", "hold"),
        ]

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_check(self):
        """Read the file, or find the customers of the group, and show what would change."""
        self._check_rights()
        self.line_ids.unlink()
        rows = self._read_file() if self.source == "file" else self._find_group()
        self._compare(rows)
        self.env["ar.credit.takeover.line"].create(rows)
        self.step = "check"

    def action_back(self):
        """Choose again; what was decided stays decided."""
        self._check_rights()
        self.line_ids.unlink()
        self.step = "choose"

    def action_take_over(self):
        """Begin to write what is ready; the rest follows in batches, see :meth:`action_continue`."""
        self._check_rights()
        if not self.ready_count:
            raise UserError(self.env._("No line is ready: nothing would change."))
        self.step = "write"

    def action_continue(self):
        """Decide the next batch of lines.

        :return: whether lines are left
        """
        self._check_rights()
        if self.step != "write":
            return False
        lines = self.line_ids.search(
            [("takeover_id", "=", self.id), ("state", "=", "ready")], order="number, id", limit=BATCH
        )
        self._decide_safely(lines)
        if self.line_ids.search_count([("takeover_id", "=", self.id), ("state", "=", "ready")], limit=1):
            return True
        self.step = "done"
        return False

    def action_go_to_switch(self):
        """Show the last step."""
        self._check_rights()
        self.step = "switch"

    def action_open_preview(self):
        """Open the orders that would be held now. Looking changes nothing."""
        self._check_rights()
        return self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_credit_hold_preview")

    def action_switch_on(self):
        """Switch holds on for the company."""
        self._check_rights()
        company = self.company_id.sudo()  # sudo: a manager decides on credit, not on other settings
        company.credit_control_active = True
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Orders of %s that break a credit rule are held from now on.", company.name
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_download_template(self):
        self._check_rights()
        return self._download("template_file", self.env._("credit limits.xlsx"))

    def action_download_refused(self):
        self._check_rights()
        return self._download("refused_file", self.env._("refused lines.csv"))

    def action_open_lines(self):
        """Open the lines in a list of their own, to search and group them."""
        self._check_rights()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Lines"),
            "res_model": "ar.credit.takeover.line",
            "views": [(False, "list")],
            "domain": [("takeover_id", "=", self.id)],
            "context": {"credit_groups": self.source == "group"},
        }

    def _download(self, name, filename):
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/{name}/{filename}?download=true",
            "target": "download",
        }

    def _check_rights(self):
        self.ensure_one()
        if not self.env.user.has_group("ar_credit_control.group_credit_manager"):
            raise AccessError(self.env._("Only credit managers take over limits and switch holds on."))
        self.company_id.check_access("read")
        if self.company_id not in self.env.companies | self.env.companies.root_id:
            raise AccessError(self.env._("Choose a company that you work in."))

    # ------------------------------------------------------------------
    # Lines from a file
    # ------------------------------------------------------------------

    def _read_file(self):
        """Return values of lines from the file, refused ones with the reason."""
        if not self.file:
            raise UserError(self.env._("Choose a file first, or download the template to begin with."))
        content = base64.b64decode(self.with_context(bin_size=False).file)
        header, positions, lines = takeover_file.read(self.env, content, self.encoding)
        self.header = header
        used = set(positions.values())
        ignored = [cell for at, cell in enumerate(header) if at not in used and cell]
        self.ignored = format_list(self.env, ignored)
        named = self._get_named()
        rows = [self._parse_line(number, cells, positions, named) for number, cells in lines]
        self._match(rows)
        return [self._prepare_line(row) for row in rows]

    def _parse_line(self, number, cells, positions, named):
        """Return what a line says: texts that name the customer and values; the first problem ends it."""
        given = {
            column: cells[position]
            for column, position in positions.items()
            if position < len(cells) and as_text(cells[position])
        }
        keys = {
            column: as_text(given[column]) for column in takeover_file.CUSTOMER_COLUMNS if column in given
        }
        row = {
            "number": number,
            "cells": [as_text(cell) for cell in cells],
            "keys": keys,
            "customer": " · ".join(dict.fromkeys(keys.values())),
            "problem": False,
        }
        try:
            if not keys:
                raise UserError(self.env._("No customer is named."))
            row.update(self._parse_values(given, named))
        except UserError as error:
            row["problem"] = str(error)
        return row

    def _parse_values(self, given, named):
        """Return values for the fields of a line.

        :raise UserError: a cell does not say what its column is for
        """
        lang = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        readers = {
            "limit": lambda cell: takeover_file.as_amount(cell, lang.decimal_point, lang.thousands_sep),
            "days": takeover_file.as_days,
            "valid_until": lambda cell: parse_date(cell, lang.date_format),
        }
        problems = {
            "limit": self.env._("“%s” is not an amount."),
            "days": self.env._("“%s” is not a number of days."),
            "valid_until": self.env._("“%s” is not a date. Write it as 2026-12-31."),
        }
        values = {}
        for column, read in readers.items():
            if column in given:
                try:
                    values[column] = read(given[column])
                except ValueError as error:
                    raise UserError(problems[column] % as_text(given[column])) from error
        for column, known in named.items():
            if column in given:
                text = as_text(given[column])
                found = known.get(text.lower(), [])
                if len(found) != 1:
                    raise UserError(self._get_name_problem(column, text, found, known))
                values[column] = found[0]
        self._check_values(values)
        return {"values": values}

    def _check_values(self, values):
        if values.get("limit", 0) < 0:
            raise UserError(self.env._("A limit cannot be negative. Zero means no credit."))
        valid_until = values.get("valid_until")
        if valid_until and valid_until < self.company_id._credit_today():
            raise UserError(self.env._("The limit would have expired already."))
        if "currency" in values and "limit" not in values:
            values.pop("currency")
        if not values:
            raise UserError(self.env._("Nothing is said but the customer."))

    def _get_named(self):
        """Return what ratings, currencies and collectors may be called: {column: {word: ids}}."""
        return {
            "rating": self._get_rating_words(),
            "currency": self._get_currency_words(),
            "collector": self._get_collector_words(),
        }

    def _get_rating_words(self):
        words = defaultdict(list)
        for lang in {"en_US", self.env.lang or "en_US"}:
            for rating in self.env["ar.credit.rating"].with_context(lang=lang).search([]):
                if rating.id not in words[rating.name.strip().lower()]:
                    words[rating.name.strip().lower()].append(rating.id)
        return words

    def _get_currency_words(self):
        words = defaultdict(list)
        for currency in self.env["res.currency"].search([]):
            for word in {currency.name.lower(), (currency.symbol or "").lower()} - {""}:
                words[word].append(currency.id)
        for word, code in CURRENCY_WORDS.items():
            words[word] = words.get(code.lower(), [])
        return words

    def _get_collector_words(self):
        words = defaultdict(list)
        users = self.env["res.users"].sudo()  # sudo: names of colleagues, not their rights
        company_users = users.search([("share", "=", False), ("company_ids", "in", self.company_id.ids)])
        for user in company_users:
            for word in {user.login.lower(), user.name.lower(), (user.email or "").lower()} - {""}:
                words[word].append(user.id)
        return words

    def _get_name_problem(self, column, text, found, known):
        if found:
            return self.env._("“%s” may be one of several: write the code or the login.", text)
        if column == "rating":
            ratings = self.env["ar.credit.rating"].search([]).mapped("name")
            return self.env._(
                "There is no rating “%(text)s”, only %(known)s.",
                text=text,
                known=format_list(self.env, ratings),
            )
        if column == "currency":
            return self.env._("“%s” is not an active currency.", text)
        return self.env._("“%s” is no employee who works in this company.", text)

    # ------------------------------------------------------------------
    # Customers
    # ------------------------------------------------------------------

    def _match(self, rows):
        """Find the customer of each row; refuse those that nobody or several could be."""
        wanted = {(kind, word) for row in rows for kind, word in self._get_words(row)}
        found = self._find_customers(wanted)
        partners = self.env["res.partner"].browse({id_ for ids in found.values() for id_ in ids})
        partners.fetch(["display_name", "ref", "vat", "city"])
        taken = {}
        for row in rows:
            if row["problem"]:
                continue
            candidates = next((found[word] for word in self._get_words(row) if found.get(word)), ())
            if not candidates:
                row["problem"] = self.env._("No customer is called that.")
            elif len(candidates) > 1:
                row["problem"] = self.env._(
                    "It may be one of several: %s.", self._describe(partners.browse(candidates))
                )
            elif candidates[0] in taken:
                row["problem"] = self.env._("The same customer as in line %s.", taken[candidates[0]])
            else:
                row["partner_id"] = candidates[0]
                taken[candidates[0]] = row["number"]

    @api.model
    def _get_words(self, row):
        """Return what to look a row up by, the surest first: pairs of kind and normalised word."""
        keys = row["keys"]
        words = [(kind, keys[kind]) for kind in KEYS if kind in keys]
        if "customer" in keys:
            words += [(kind, keys["customer"]) for kind in KEYS]
        return [(kind, self._normalise(kind, word)) for kind, word in words]

    @api.model
    def _normalise(self, kind, word):
        # Only A to Z are folded: how a database folds other letters depends on how it was created.
        word = word.strip() if kind == "external_id" else word.encode().lower().decode()
        if kind == "vat":
            return "".join(sign for sign in word if sign.isalnum())
        return word if kind == "external_id" else " ".join(word.split())

    @api.model
    def _describe(self, partners):
        """Return names of customers with what tells them apart."""
        names = []
        for partner in partners[:5]:
            details = ", ".join(filter(None, (partner.ref, partner.vat, partner.city)))
            names.append(f"{partner.display_name} ({details})" if details else partner.display_name)
        if len(partners) > 5:
            names.append("…")
        return "; ".join(names)

    def _find_customers(self, wanted):
        """Return the commercial entities behind words, in a bounded number of statements.

        :param wanted: set of pairs of kind and normalised word
        :return: {(kind, word): ids of partners that the user may read and the company may use}
        """
        by_kind = {kind: [word for of_kind, word in wanted if of_kind == kind and word] for kind in KEYS}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT 'external_id', data.module || '.' || data.name, partner.commercial_partner_id
                  FROM ir_model_data data
                  JOIN res_partner partner ON partner.id = data.res_id
                 WHERE data.model = 'res.partner'
                   AND (data.module || '.' || data.name) = ANY(%(external_id)s)
                 UNION
                SELECT 'ref',
                       lower(regexp_replace(trim(ref), '\\s+', ' ', 'g') COLLATE "C"),
                       commercial_partner_id
                  FROM res_partner
                 WHERE active
                   AND lower(regexp_replace(trim(ref), '\\s+', ' ', 'g') COLLATE "C") = ANY(%(ref)s)
                 UNION
                SELECT 'vat',
                       lower(regexp_replace(vat, '[^[:alnum:]]', '', 'g') COLLATE "C"),
                       commercial_partner_id
                  FROM res_partner
                 WHERE active
                   AND lower(regexp_replace(vat, '[^[:alnum:]]', '', 'g') COLLATE "C") = ANY(%(vat)s)
                 UNION
                SELECT 'email', email_normalized, commercial_partner_id
                  FROM res_partner
                 WHERE active AND email_normalized = ANY(%(email)s)
                 UNION
                SELECT 'name',
                       lower(regexp_replace(trim(name), '\\s+', ' ', 'g') COLLATE "C"),
                       commercial_partner_id
                  FROM res_partner
                 WHERE active
                   AND commercial_partner_id = id
                   AND lower(regexp_replace(trim(name), '\\s+', ' ', 'g') COLLATE "C") = ANY(%(name)s)
                """,
                **by_kind,
            )
        )
        usable = set(
            self.env["res.partner"]
            .search(
                Domain("id", "in", list({partner_id for _kind, _word, partner_id in rows}))
                & self._get_company_domain()
            )
            .ids
        )
        found = defaultdict(list)
        for kind, word, partner_id in rows:
            if partner_id in usable:
                found[kind, word].append(partner_id)
        return {key: sorted(ids) for key, ids in found.items()}

    def _get_company_domain(self):
        return Domain("company_id", "=", False) | Domain("company_id", "child_of", self.company_id.id)

    # ------------------------------------------------------------------
    # Lines
    # ------------------------------------------------------------------

    def _prepare_line(self, row):
        """Return values of ``ar.credit.takeover.line``."""
        values = row.get("values") or {}
        return {
            "takeover_id": self.id,
            "number": row["number"],
            "customer": row["customer"],
            "partner_id": row.get("partner_id"),
            "state": "refused" if row["problem"] else "ready",
            "problem": row["problem"] or row.get("note"),
            "limit": values.get("limit", 0.0),
            "limit_given": "limit" in values,
            "limit_currency_id": values.get("currency") or self.currency_id.id,
            "rating_id": values.get("rating"),
            "payment_days": values.get("days", 0),
            "payment_days_given": "days" in values,
            "collector_id": values.get("collector"),
            "limit_valid_until": values.get("valid_until"),
            "cells": row.get("cells"),
        }

    def _compare(self, vals_list):
        """Say what the limit is today, and mark lines that would change nothing."""
        profiles = self.env["ar.credit.profile"].search([("company_id", "=", self.company_id.id)])
        by_partner = profiles.grouped("partner_id")
        by_id = {partner.id: profile for partner, profile in by_partner.items()}
        lines = self.env["ar.credit.takeover.line"]
        for vals in vals_list:
            profile = by_id.get(vals["partner_id"])
            if profile and vals["state"] == "ready":
                if profile.limit_set:
                    vals["former_limit"] = formatLang(
                        self.env, profile.limit, currency_obj=profile.limit_currency_id
                    )
                if not lines.new(vals)._filter_changes(profile):
                    vals["state"] = "unchanged"

    # ------------------------------------------------------------------
    # Decisions
    # ------------------------------------------------------------------

    def _decide_safely(self, lines):
        """Decide lines together; where one is refused, the others do not suffer."""
        if not lines:
            return
        try:
            with self.env.cr.savepoint():
                self._decide(lines)
        except UserError as error:
            if len(lines) == 1:
                lines._refuse(str(error))
                return
            half = len(lines) // 2
            self._decide_safely(lines[:half])
            self._decide_safely(lines[half:])

    def _decide(self, lines):
        """Write what the user may decide, and ask for approval of the rest."""
        profiles = self.env["ar.credit.profile"]
        found = profiles._get_or_create(lines.partner_id, self.company_id)
        by_partner = {profile.partner_id: profile for profile in found}
        changes = {line: (by_partner[line.partner_id], {}) for line in lines}
        for line, (profile, vals) in changes.items():
            vals.update(line._filter_changes(profile))
        authority = self.env["ar.credit.authority"]
        reach = authority._get_reach(self.env.user, "limit", self.company_id)
        own, asked, same = {}, {}, self.env["ar.credit.takeover.line"]
        for line, (profile, vals) in changes.items():
            decides = profiles._get_decision_fields() & vals.keys()
            total = self._get_total(profile, vals)
            if not vals:
                same += line
            elif not decides or reach is not None and authority._is_within(total, reach, self.company_id):
                own[line] = (profile, vals)
            else:
                asked[line] = (profile, vals)
        same.state = "unchanged"
        self._decide_directly(own)
        self._ask(asked)

    def _get_total(self, profile, vals):
        """Return the limit that the values amount to in company currency, with a temporary increase."""
        reviews = self.env["ar.credit.review"]
        company = self.company_id
        today = company._credit_today()
        currency = profile.limit_currency_id
        if "limit" in vals:
            currency = currency.browse(vals["limit_currency_id"])
        elif not profile.limit_set:
            return 0.0
        amount = currency._convert(vals.get("limit", profile.limit), company.currency_id, company, today)
        temporary = reviews._get_temporary(profile, today)
        return amount + currency._convert(temporary, company.currency_id, company, today)

    def _decide_directly(self, own):
        """Write terms within the authority of the user, recorded as direct changes."""
        if not own:
            return
        profiles = self.env["ar.credit.profile"].browse(profile.id for profile, _vals in own.values())
        reviews = profiles._change_many_directly(dict(own.values()), self._get_reason())
        by_profile = reviews.grouped("profile_id")
        for line, (profile, _vals) in own.items():
            line.write({"state": "done", "review_id": by_profile.get(profile, reviews.browse())[:1].id})

    def _ask(self, asked):
        """Submit reviews of what exceeds the authority of the user; one that waits already is enough."""
        if not asked:
            return
        reviews = self.env["ar.credit.review"]
        profiles = self.env["ar.credit.profile"].browse(profile.id for profile, _vals in asked.values())
        waiting = reviews.search([("profile_id", "in", profiles.ids), ("state", "=", "submitted")])
        by_profile = waiting.grouped("profile_id")
        new = []
        for line, (profile, vals) in asked.items():
            if collector_id := vals.pop("collector_id", None):
                profile.collector_id = collector_id
            review_vals = self._prepare_review(profile, vals)
            same = by_profile.get(profile, reviews).filtered(
                lambda review, review_vals=review_vals: all(
                    review._fields[name].convert_to_write(review[name], review) == value
                    for name, value in review_vals.items()
                    if name.startswith("decided_") or name in ("limit_currency_id", "limit_valid_until")
                )
            )
            line.state = "submitted"
            line.review_id = same[:1]
            if not same:
                new.append((line, review_vals))
        created = reviews._as_recorder()._open([vals for _line, vals in new]).with_env(self.env)
        for (line, _vals), review in zip(new, created, strict=True):
            line.review_id = review
        if created:
            created._submit_at_once()

    def _prepare_review(self, profile, vals):
        """Return the values of a review that asks for what a line says."""
        decides_limit = vals.get("limit_set", profile.limit_set)
        if "limit" not in vals:
            kind = "terms"
        elif not profile.limit_set:
            kind = "first"
        else:
            kind = "increase"
        return {
            "profile_id": profile.id,
            "kind": kind,
            "source": "mass",
            "requester_id": self.env.uid,
            "reason": self._get_reason(),
            "decided_rating_id": vals.get("rating_id", profile.rating_id.id),
            "decided_limit_set": decides_limit,
            "decided_limit": vals.get("limit", profile.limit),
            "limit_currency_id": vals.get("limit_currency_id", profile.limit_currency_id.id),
            "decided_days_set": vals.get("payment_days_set", profile.payment_days_set),
            "decided_days": vals.get("payment_days", profile.payment_days),
            "limit_valid_until": vals.get("limit_valid_until", profile.limit_valid_until),
        }

    def _get_reason(self):
        if self.source == "file":
            return self.env._("Taken over from the file %s.", self.filename or "")
        return self.env._("Decided for a group of customers at the take-over.")

    # ------------------------------------------------------------------
    # Files
    # ------------------------------------------------------------------

    def _write_refused(self):
        """Return the refused lines as CSV, with the reason in front, ready to be mended and sent again."""
        self.ensure_one()
        header = self.header or [self.env._("Customer")]
        refused = self.line_ids.filtered(lambda line: line.state == "refused")
        rows = [[line.problem, *(line.cells or [line.partner_id.display_name])] for line in refused]
        return write_csv([[self.env._("Why refused"), *header], *rows])

    def _write_template(self):
        """Return a workbook to fill in, with the ratings that exist."""
        target = io.BytesIO()
        with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
            sheet = book.add_worksheet("Limits")
            bold = book.add_format({"bold": True, "bg_color": "#E7E9ED", "bottom": 1})
            columns = [*CUSTOMER_ORDER, *takeover_file.VALUE_COLUMNS[:1], "currency"]
            columns += takeover_file.VALUE_COLUMNS[1:]
            chinese = (self.env.lang or "").startswith("zh")
            for at, column in enumerate(columns):
                names = takeover_file.COLUMNS[column]
                title = next((n for n in names if not n.isascii()), names[0]) if chinese else names[0]
                sheet.write_string(0, at, title, bold)
                sheet.set_column(at, at, 18)
            sheet.freeze_panes(1, 0)
            ratings = self.env["ar.credit.rating"].search([]).mapped("name")
            sheet.data_validation(
                1,
                columns.index("rating"),
                5000,
                columns.index("rating"),
                {"validate": "list", "source": ratings},
            )
            sheet.data_validation(
                1,
                columns.index("limit"),
                5000,
                columns.index("limit"),
                {"validate": "decimal", "criteria": ">=", "value": 0},
            )
        return target.getvalue()


CUSTOMER_ORDER = ("ref", "name", "vat", "email")
SUMMARY = (
    "active_already",
    "decided_count",
    "decided_amount",
    "undecided_count",
    "waiting_count",
    "stopped_count",
    "held_count",
)
