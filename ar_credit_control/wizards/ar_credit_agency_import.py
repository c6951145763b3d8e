import base64
from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .table_file import TableError, normalize_header, parse_date, parse_number, read_table, write_csv

# Headers by which the columns of a file are known, in the words of agencies and of spreadsheets.
COLUMNS = {
    "customer": ("customer", "name", "company", "debtor", "客户", "客户名称", "公司名称", "kunde", "firma"),
    "ref": (
        "reference",
        "ref",
        "customer number",
        "debtor number",
        "internal reference",
        "客户编号",
        "kundennummer",
    ),
    "vat": ("vat", "vat number", "tax id", "税号", "统一社会信用代码", "ust-id"),
    "email": ("email", "e-mail", "邮箱", "电子邮件"),
    "external_id": ("external id", "xml id", "id", "外部id"),
    "provider": ("agency", "provider", "机构", "评级机构", "auskunftei"),
    "date": ("date", "report date", "日期", "报告日期", "datum"),
    "grade": ("grade", "rating", "class", "risk class", "等级", "评级", "bonitätsklasse"),
    "points": ("points", "score", "index", "分数", "得分", "punkte", "bonitätsindex"),
    "recommended_limit": (
        "recommended limit",
        "limit",
        "credit limit",
        "建议额度",
        "额度",
        "höchstkredit",
        "kreditlimit",
    ),
    "currency": ("currency", "币种", "货币", "währung"),
    "date_expiry": (
        "expiry",
        "counts until",
        "valid until",
        "expiry date",
        "有效期",
        "有效期至",
        "gültig bis",
    ),
}
PARTNER_COLUMNS = ("external_id", "ref", "vat", "email", "customer")
CREATE_BATCH = 1000


class RefusedLineError(Exception):
    """A line that cannot be imported; its text says why, in the language of the user."""


class ArCreditAgencyImport(models.TransientModel):
    """Import of agency reports for a whole portfolio.

    Checks every line before anything is written and says of each line that it refuses why. Lines that are in
    order are imported; refused ones can be downloaded with their reasons, corrected and uploaded again: what
    is on file already is known again.
    """

    _name = "ar.credit.agency.import"
    _description = "Import Agency Reports"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company._credit_root(),
        domain=[("parent_id", "=", False)],
    )
    file = fields.Binary(string="File (CSV or XLSX)", attachment=False)
    filename = fields.Char()
    provider = fields.Char(string="Agency", help="For lines of the file that do not name one.")
    date = fields.Date(
        string="Report Date",
        default=fields.Date.context_today,
        help="For lines of the file without a date.",
    )
    months = fields.Integer(
        string="Counts For (months)", default=12, help="For lines of the file without an expiry date."
    )
    scale_best = fields.Float(
        string="Best Value", default=100.0, help="Value of the agency's scale that is worth 100 points."
    )
    scale_worst = fields.Float(
        string="Worst Value", default=0.0, help="Value of the agency's scale that is worth 0 points."
    )
    state = fields.Selection([("upload", "File"), ("checked", "Check"), ("done", "Done")], default="upload")
    line_ids = fields.One2many("ar.credit.agency.import.line", "import_id", readonly=True)
    good_count = fields.Integer(string="Importable", readonly=True)
    refused_count = fields.Integer(string="Rejected", readonly=True)
    imported_count = fields.Integer(string="Imported", readonly=True)
    header = fields.Json(readonly=True)
    refused_file = fields.Binary(compute="_compute_refused_file")
    refused_filename = fields.Char(compute="_compute_refused_file")

    @api.depends("state", "refused_count")
    def _compute_refused_file(self):
        for wizard in self:
            refused = wizard.line_ids.filtered("problem").sorted("number")
            wizard.refused_filename = self.env._("refused.csv")
            wizard.refused_file = base64.b64encode(
                write_csv(
                    [
                        [*(wizard.header or []), self.env._("Line"), self.env._("Refused Because")],
                        *([*(line.cells or []), line.number, line.problem] for line in refused),
                    ]
                )
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_check(self):
        """Read the file and judge every line; nothing is imported yet."""
        self.ensure_one()
        self._check_right()
        if not self.file:
            raise UserError(self.env._("Choose the file of your agency first."))
        if self.scale_best == self.scale_worst:
            raise UserError(self.env._("The best and the worst value of the scale are the same."))
        header, rows = self._read()
        columns = self._find_columns(header)
        self.line_ids.unlink()
        lines = self._judge(columns, rows)
        width = len(header)
        self.env["ar.credit.agency.import.line"].create(
            [
                {
                    **line,
                    "import_id": self.id,
                    "cells": [str(value) if value is not None else "" for value in values[:width]],
                }
                for line, (_number, values) in zip(lines, rows, strict=True)
            ]
        )
        refused = sum(bool(line["problem"]) for line in lines)
        self.write(
            {
                "header": header,
                "state": "checked",
                "good_count": len(lines) - refused,
                "refused_count": refused,
            }
        )
        return self._reopen()

    def action_import(self):
        """Create the reports of the lines that are in order."""
        self.ensure_one()
        self._check_right()
        if self.state != "checked":
            raise UserError(self.env._("Check the file first."))
        lines = self.line_ids.filtered(lambda line: not line.problem)
        reports = self.env["ar.credit.agency.report"].with_context(
            tracking_disable=True, mail_create_nosubscribe=True
        )
        for start in range(0, len(lines), CREATE_BATCH):
            reports.create([line._prepare_report() for line in lines[start : start + CREATE_BATCH]])
        self.write({"state": "done", "imported_count": len(lines)})
        return self._reopen()

    def action_back(self):
        """Choose another file or other settings."""
        self.ensure_one()
        self.state = "upload"
        return self._reopen()

    def action_open_reports(self):
        """Open the agency reports."""
        return self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_credit_agency_report")

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import Agency Reports"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _check_right(self):
        if not self.env["ar.credit.agency.report"].has_access("create"):
            raise AccessError(self.env._("Only credit controllers and managers import agency reports."))
        if not self.env.su and self.company_id not in self.env.companies.root_id:
            raise AccessError(self.env._("You do not work in %s.", self.company_id.name))

    # ------------------------------------------------------------------
    # Reading
    # ------------------------------------------------------------------

    def _read(self):
        problems = {
            "large": self.env._("The file is larger than 20 MB: split it."),
            "rows": self.env._("The file has more than 50,000 lines: split it."),
            "format": self.env._("This is neither a CSV nor an XLSX file, or it is damaged."),
            "empty": self.env._("There is no line below the header."),
        }
        try:
            header, rows = read_table(base64.b64decode(self.file))
        except TableError as error:
            raise UserError(problems.get(error.args[0], problems["format"])) from error
        if not rows:
            raise UserError(problems["empty"])
        return header, rows

    def _find_columns(self, header):
        """Return {column: position} of a header.

        :raise UserError: without a column for the customer, or for grade and points
        """
        known = {normalize_header(alias): column for column, names in COLUMNS.items() for alias in names}
        columns = {}
        for position, text in enumerate(header):
            column = known.get(normalize_header(text))
            if column and column not in columns:
                columns[column] = position
        if not columns.keys() & set(PARTNER_COLUMNS):
            raise UserError(
                self.env._(
                    "No column says which customer: name one Customer, Reference, VAT, E-mail or External ID."
                )
            )
        if "points" not in columns:
            raise UserError(
                self.env._(
                    "No column has the points: name one Points or Score. Grades alone say nothing yet."
                )
            )
        return columns

    def _judge(self, columns, rows):
        """Return values of one line each: what will be imported, or the problem."""
        cells = [
            {name: values[position] if position < len(values) else None for name, position in columns.items()}
            for _number, values in rows
        ]
        partners = self._find_partners(cells)
        currencies = {
            currency.name: currency.id
            for currency in self.env["res.currency"].with_context(active_test=False).search([])
        }
        lang = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        lines = []
        for (number, _values), cell, found in zip(rows, cells, partners, strict=True):
            line = {
                "number": number,
                "problem": False,
                "partner_id": found if isinstance(found, int) else False,
            }
            try:
                line.update(self._parse(cell, currencies, lang))
                if not line["partner_id"]:
                    raise RefusedLineError(found)
            except RefusedLineError as refused:
                line["problem"] = str(refused)
            lines.append(line)
        self._refuse_repeated(lines)
        return lines

    def _parse(self, cell, currencies, lang):
        """Return the values of a report from the cells of a line.

        :raise RefusedLineError: with the reason
        """
        provider = str(cell.get("provider") or self.provider or "").strip()
        if not provider:
            raise RefusedLineError(self.env._("No agency: neither in the line nor above."))
        limit = self._parse_number(cell, "recommended_limit", lang) or 0.0
        if limit < 0:
            raise RefusedLineError(self.env._("The recommended limit is negative."))
        code = str(cell.get("currency") or self.company_id.currency_id.name).strip().upper()
        if code not in currencies:
            raise RefusedLineError(self.env._("“%s” is no currency code.", code))
        return {
            "provider": provider,
            **self._parse_dates(cell, lang),
            "grade": str(cell["grade"]) if cell.get("grade") is not None else False,
            "points": self._parse_points(cell, lang),
            "recommended_limit": limit,
            "currency_id": currencies[code],
        }

    def _parse_dates(self, cell, lang):
        date = self._parse_date(cell, "date", lang) or self.date
        if not date:
            raise RefusedLineError(self.env._("No date: neither in the line nor above."))
        if date > self.company_id._credit_today():
            raise RefusedLineError(self.env._("The report is of %s, which lies in the future.", date))
        expiry = self._parse_date(cell, "date_expiry", lang)
        expiry = expiry or date + relativedelta(months=max(self.months, 0))
        if expiry < date:
            raise RefusedLineError(
                self.env._("It expires on %(expiry)s, before its date %(date)s.", expiry=expiry, date=date)
            )
        return {"date": date, "date_expiry": expiry}

    def _parse_points(self, cell, lang):
        """Return the points on our scale, which the agency's scale is stretched to."""
        value = self._parse_number(cell, "points", lang)
        if value is None:
            raise RefusedLineError(self.env._("No points."))
        points = 100 * (value - self.scale_worst) / (self.scale_best - self.scale_worst)
        # A hair more, so that binary fractions do not push the best value off the scale.
        if not -1e-9 <= points <= 100 + 1e-9:
            raise RefusedLineError(
                self.env._(
                    "%(value)s lies outside the scale from %(worst)s to %(best)s.",
                    value=f"{value:g}",
                    worst=f"{self.scale_worst:g}",
                    best=f"{self.scale_best:g}",
                )
            )
        return round(min(max(points, 0.0), 100.0), 2)

    def _parse_number(self, cell, name, lang):
        try:
            return parse_number(cell.get(name), lang.thousands_sep)
        except ValueError:
            raise RefusedLineError(self.env._("“%s” is no number.", cell[name])) from None

    def _parse_date(self, cell, name, lang):
        try:
            return parse_date(cell.get(name), lang.date_format)
        except ValueError:
            raise RefusedLineError(self.env._("“%s” is no date.", cell[name])) from None

    def _find_partners(self, cells):
        """Return for each line the id of the commercial partner, or the reason why there is none.

        One search per column, whatever the number of lines. The first column that is filled decides.
        """
        found = {
            column: self._search_partners(column, {str(cell[column]) for cell in cells if cell.get(column)})
            for column in PARTNER_COLUMNS
        }
        results = []
        for cell in cells:
            column = next((name for name in PARTNER_COLUMNS if cell.get(name)), None)
            if not column:
                results.append(self.env._("No customer in this line."))
                continue
            text = str(cell[column])
            ids = found[column].get(self._key(column, text), set())
            if len(ids) == 1:
                results.append(next(iter(ids)))
            elif ids:
                results.append(
                    self.env._("%(count)s customers are called “%(text)s”.", count=len(ids), text=text)
                )
            else:
                results.append(self.env._("No customer “%s” that you may see.", text))
        return results

    @api.model
    def _key(self, column, text):
        return text.casefold() if column in ("email", "customer") else text

    def _search_partners(self, column, texts):
        """Return {text: ids of commercial partners} of partners that the user may see."""
        if not texts:
            return {}
        partners = self.env["res.partner"]
        ids = defaultdict(set)
        if column == "external_id":
            wanted = {tuple(text.split(".", 1)) for text in texts if "." in text}
            # sudo: names of records; which partners the user may see is checked below
            data = (
                self.env["ir.model.data"]
                .sudo()
                .search_fetch(
                    [("model", "=", "res.partner"), ("name", "in", [name for _module, name in wanted])],
                    ["module", "name", "res_id"],
                )
            )
            rows = {
                row.res_id: f"{row.module}.{row.name}" for row in data if (row.module, row.name) in wanted
            }
            for partner in partners.search([("id", "in", list(rows))]):
                ids[rows[partner.id]].add(partner.sudo().commercial_partner_id.id)  # sudo: its company
            return ids
        name = {"customer": "name", "email": "email_normalized"}.get(column, column)
        values = {text.lower() for text in texts} if column == "email" else texts
        domain = [
            (name, "in", list(values)),
            ("company_id", "in", [False, *self.company_id.sudo().child_ids.ids, self.company_id.id]),
        ]  # sudo: branches
        for partner in partners.search_fetch(domain, [name, "commercial_partner_id"]):
            key = self._key(column, partner[name])
            ids[key].add(partner.sudo().commercial_partner_id.id)  # sudo: its company may not be readable
        return ids

    def _refuse_repeated(self, lines):
        """Refuse what stands twice in the file or is on file, so that a file can be uploaded again."""
        partner_ids = {line["partner_id"] for line in lines if line["partner_id"]}
        known = {
            (report.partner_id.id, report.provider.casefold(), report.date)
            for report in self.env["ar.credit.agency.report"].search_fetch(
                [("partner_id", "in", list(partner_ids)), ("company_id", "=", self.company_id.id)],
                ["partner_id", "provider", "date"],
            )
        }
        seen = {}
        for line in lines:
            if line["problem"]:
                continue
            key = (line["partner_id"], line["provider"].casefold(), line["date"])
            if key in known:
                line["problem"] = self.env._("On file already: same customer, agency and date.")
            elif key in seen:
                line["problem"] = self.env._("Same customer, agency and date as in line %s.", seen[key])
            else:
                seen[key] = line["number"]
