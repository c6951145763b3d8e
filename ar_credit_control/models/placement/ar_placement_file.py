import io
import zipfile
from datetime import date
from functools import partial

import xlsxwriter
from markupsafe import Markup

from odoo import api, models
from odoo.fields import Command
from odoo.tools import SQL, format_list
from odoo.tools.image import image_data_uri
from odoo.tools.misc import format_amount, format_date

from ...wizards.table_file import write_csv
from ..document import joint_pdf, page_rows
from ..document.workbook import Formats

try:
    from cn2an import an2cn
except ImportError:
    an2cn = None

# What a spreadsheet shows of the history; older entries are in the system.
HISTORY_ROWS = 500
# What the printed file shows of it.
PRINTED_HISTORY = 60
# Millimetres of the page before the items, of a row of a table and of a heading; see ``page_rows``.
FILE_HEAD, COUNSEL_HEAD, ROW, HEADING = 58, 145, 4.9, 14
# Letters that fit into a line of the cells of contacts and of the history.
CONTACT_WIDTHS = (26, 17, 17, 27, 24)
HISTORY_WIDTHS = (14, 20, 24, 18, 38)
# Letters that a column of the workbook is wide at most.
WIDEST = 48


class ArPlacement(models.Model):
    """What is handed over: items, contacts and history as PDF, workbook and tables; the instruction to
    counsel.

    Notes of colleagues on the case stay in the house.
    """

    _inherit = "ar.placement"

    def action_print_file(self):
        """Download the hand-over file as PDF."""
        return self._attach_and_download(
            lambda placement: placement._render_pdf("ar_credit_control.placement_page"),
            "pdf",
            "application/pdf",
        )

    def action_print_counsel(self):
        """Download the instruction to counsel (律师委托资料) as PDF."""
        return self._attach_and_download(
            lambda placement: placement._render_pdf("ar_credit_control.placement_counsel_page"),
            "pdf",
            "application/pdf",
            self.env._("instruction"),
        )

    def action_export_xlsx(self):
        """Download items, contacts and history as a workbook."""
        return self._attach_and_download(
            lambda placement: placement._write_workbook(),
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )

    def action_export_csv(self):
        """Download items, contacts and history as CSV tables in one archive."""
        return self._attach_and_download(
            lambda placement: placement._write_csv_archive(), "zip", "application/zip"
        )

    def _attach_and_download(self, make, extension, mimetype, suffix=""):
        """Keep the file with the placement, since it is what the agent got, and download it."""
        self.ensure_one()
        self.check_access("read")
        content = make(self._with_agent_language())
        name = "-".join(filter(None, (self.name.replace("/", "-"), suffix)))
        values = {
            "name": f"{name}.{extension}",
            "raw": content,
            "mimetype": mimetype,
            "res_model": self._name,
            "res_id": self.id,
        }
        document = self.env["ir.attachment"].sudo().create(values)  # sudo: readers print too
        if self.has_access("write"):
            self.sudo().document_ids = [Command.link(document.id)]  # sudo: after the hand-over as well
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{document.id}?download=true",
            "target": "self",
        }

    def _with_agent_language(self):
        return self.with_context(lang=self.agent_id.lang or self.env.lang)

    # ------------------------------------------------------------------
    # Tables
    # ------------------------------------------------------------------

    def _get_tables(self):
        """Return the tables of the hand-over: (title, headings, rows) with texts, dates and numbers."""
        self.ensure_one()
        return [
            (self.env._("Items"), self._get_item_headings(), self._get_item_rows()),
            (self.env._("Contact Persons"), self._get_contact_headings(), self._get_contact_rows()),
            (self.env._("History"), self._get_history_headings(), self._get_history_rows()),
        ]

    def _get_item_headings(self):
        return [
            self.env._("Number"),
            self.env._("Customer Reference"),
            self.env._("Invoice Date"),
            self.env._("Due Date"),
            self.env._("Currency"),
            self.env._("Handed Over"),
            self.env._("Sue By"),
        ]

    def _get_item_rows(self):
        dates = self._get_limitation_dates()
        return [
            [
                line.name,
                line.ref,
                line.invoice_date,
                line.date_maturity,
                line.currency_id.name,
                line.amount,
                dates.get((line.move_id.id, line.date_maturity)),
            ]
            for line in self.line_ids
        ]

    def _get_limitation_dates(self):
        """Return ``{(entry id, due date): last day to sue}`` of the items."""
        reports = self.env["ar.limitation.report"].sudo()  # sudo: what the placement tells, to who reads it
        rows = reports.search([("move_id", "in", self.line_ids.move_id.ids)])
        return {(row.move_id.id, row.date_maturity): row.limitation_date for row in rows}

    def _get_contact_headings(self):
        return [
            self.env._("Name"),
            self.env._("Role"),
            self.env._("Telephone"),
            self.env._("E-mail"),
            self.env._("Address"),
            self.env._("Tax ID"),
        ]

    def _get_contact_rows(self):
        people = self.partner_id.sudo()  # sudo: what the placement tells, to who reads it
        people |= people.child_ids
        kinds = dict(people._fields["type"]._description_selection(self.env))
        return [
            [
                person.name,
                person.function or (kinds[person.type] if person.type != "contact" else ""),
                person.phone,
                person.email,
                self._format_address(person),
                person.vat if person == self.partner_id else "",
            ]
            for person in people
            if person.name
        ]

    @api.model
    def _format_address(self, person):
        """Return an address in one line, without the gaps that parts not known leave."""
        lines = person._display_address(without_company=True).splitlines()
        parts = [" ".join(line.split()).strip(" ,") for line in lines]
        # Chinese writes an address without commas.
        gap = " " if (self.env.lang or "").startswith("zh") else ", "
        return gap.join(filter(None, parts))

    def _get_history_headings(self):
        return [
            self.env._("Date"),
            self.env._("Event"),
            self.env._("Reference"),
            self.env._("Amount"),
            self.env._("Currency"),
            self.env._("Details"),
        ]

    def _get_history_rows(self):
        """Letters, contacts, payments and what matters for limitation, the newest first, in one statement."""
        self.env.flush_all()
        self.env["ar.aging.report"]._switch_off_jit()
        source = self.env["ar.collection.source"]
        events = self.env["ar.limitation.event"]._fields["kind"]._description_selection(self.env)
        kinds = {**dict(self._get_history_kinds()), **dict(events)}
        currencies = {currency.id: currency.name for currency in self.env["res.currency"].sudo().search([])}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT date::date, kind, title, amount::float8, currency_id, text
                  FROM (
                        SELECT partner_id, company_id, date::timestamp, kind, title, NULL::numeric AS amount,
                               NULL::int AS currency_id, COALESCE(reason, text) AS text
                          FROM (%(contacts)s) contact
                     UNION ALL
                        SELECT partner_id, company_id, date::timestamp, kind, title, amount, currency_id, text
                          FROM (%(events)s) event
                         WHERE kind IN ('payment', 'credit_note', 'promise', 'plan', 'dispute')
                     UNION ALL
                        SELECT event.partner_id, event.company_id, event.date::timestamp, event.kind,
                               event.proof_reference, NULL, NULL, event.note
                          FROM ar_limitation_event event
                         WHERE event.state = 'valid'
                       ) history
                 WHERE partner_id = %(partner)s AND company_id = %(company)s
              ORDER BY date DESC
                 LIMIT %(limit)s
                """,
                contacts=source._contacts_sql(),
                events=source._events_sql(),
                partner=self.partner_id.id,
                company=self.company_id.id,
                limit=HISTORY_ROWS,
            )
        )
        return [
            [day, kinds.get(kind, kind), title, amount, currencies.get(currency_id), text]
            for day, kind, title, amount, currency_id, text in rows
        ]

    @api.model
    def _get_history_kinds(self):
        return [
            ("letter", self.env._("Letter")),
            ("call", self.env._("Call")),
            ("visit", self.env._("Visit")),
            ("email", self.env._("E-mail")),
            ("message", self.env._("Message")),
            ("meeting", self.env._("Meeting")),
            ("note", self.env._("Note")),
            ("reply", self.env._("Reply of the customer")),
            ("payment", self.env._("Payment")),
            ("credit_note", self.env._("Credit note")),
            ("promise", self.env._("Promise")),
            ("plan", self.env._("Payment plan")),
            ("dispute", self.env._("Dispute")),
        ]

    def _write_workbook(self):
        """Return the workbook as bytes. Names are data: they never become formulas, links or numbers."""
        buffer = io.BytesIO()
        workbook = xlsxwriter.Workbook(
            buffer,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        formats = Formats(self.env, workbook)
        amount = workbook.add_format({"num_format": "#,##0.00"})
        for title, headings, rows in self._get_tables():
            sheet = workbook.add_worksheet(title[:31])
            sheet.write_string(0, 0, self.display_name, formats.title)
            for column, heading in enumerate(headings):
                longest = max((len(str(row[column] or "")) for row in rows), default=0)
                sheet.set_column(column, column, min(max(longest + 2, len(heading) + 2, 12), WIDEST))
                sheet.write_string(2, column, heading, formats.header)
            for number, row in enumerate(rows, 3):
                for column, value in enumerate(row):
                    if isinstance(value, (int, float)) and not isinstance(value, bool):
                        sheet.write_number(number, column, value, amount)
                    elif isinstance(value, date):
                        sheet.write_datetime(number, column, value, formats.date)
                    elif value:
                        sheet.write_string(number, column, str(value))
            sheet.freeze_panes(3, 1)
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
        workbook.close()
        return buffer.getvalue()

    def _write_csv_archive(self):
        """Return a ZIP file of CSV tables as bytes; no text in them is taken for a formula."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for title, headings, rows in self._get_tables():
                archive.writestr(
                    f"{title.lower()}.csv",
                    write_csv([headings, *([value or "" for value in row] for row in rows)]),
                )
        return buffer.getvalue()

    # ------------------------------------------------------------------
    # Pages
    # ------------------------------------------------------------------

    def _render_pdf(self, template):
        """Return a page of the hand-over as PDF bytes.

        :raise UserError: when wkhtmltopdf is missing or fails.
        """
        page = self._render_page(template)
        report = self.env["ir.actions.report"].sudo()  # sudo: the placement was readable; formats are set-up
        content = report._run_wkhtmltopdf(
            [Markup("<!DOCTYPE html>\n") + page], report_ref="ar_credit_control.action_report_placement"
        )
        return joint_pdf.write_documents([(self.name, joint_pdf.read_pages(content))])

    def _render_page(self, template):
        """Return a page of the hand-over as HTML."""
        values = self._prepare_page_values()
        breaks = self._prepare_page_breaks(values, with_cover=template.endswith("counsel_page"))
        return self.env["ir.qweb"]._render(template, values | breaks)

    def _prepare_page_breaks(self, values, with_cover):
        """Return the rows of the long tables as they go on pages, see :meth:`_split`.

        :param with_cover: whether it is the instruction to counsel, where evidence follows the claim
        """
        facts = (self.facts or "").splitlines()
        used = COUNSEL_HEAD + page_rows.estimate_text(facts) if with_cover else FILE_HEAD
        items, used = self._split(self.line_ids, used, lambda line: len(line.ref or "") // 24)
        total_rows = sum(2 if words else 1 for _currency, _amount, words in values["totals"])
        used += ROW * (total_rows + bool(values["interest"])) + HEADING
        if values["guarantees"]:
            used += HEADING + ROW * (len(values["guarantees"]) + 1)
        if with_cover:
            used += page_rows.estimate_text((self.claim or "").splitlines()) + 2 * ROW
            evidence, _used = self._split(values["evidence"], used)
            return {"item_table": items, "evidence_table": evidence}
        contacts, used = self._split(
            values["contacts"],
            used,
            lambda contact: page_rows.count_lines(contact[:5], CONTACT_WIDTHS) - 1,
        )
        history, _used = self._split(
            values["history"],
            used + HEADING,
            lambda entry: page_rows.count_lines(["", entry[1], entry[2], "", entry[5]], HISTORY_WIDTHS) - 1,
        )
        return {"item_table": items, "contact_table": contacts, "history_table": history}

    @api.model
    def _split(self, rows, used, count_further=lambda row: 0):
        """Return a table, and the millimetres used on its last page.

        ``pages``: its rows in lists, one for each page; ``next``: whether it begins on a new page, with its
        heading.
        """
        pages, used = page_rows.split_rows(list(rows), used, count_further, line=ROW)
        filled = [page for page in pages if page] or [[]]
        return {"pages": filled, "next": len(filled) < len(pages)}, used

    def _prepare_page_values(self):
        placement = self.sudo()  # sudo: the placement was readable, its parties and papers are printed
        company = placement.company_id
        return {
            "placement": placement,
            "today": company._credit_today(),
            "company": company,
            "logo": company.logo and image_data_uri(company.logo),
            "color": company.primary_color or "#34495e",
            "totals": placement._get_totals(),
            "dates": placement._get_limitation_dates(),
            "contacts": placement._get_contact_rows(),
            "history": placement._get_history_rows()[:PRINTED_HISTORY],
            "evidence": placement._get_evidence(),
            "guarantees": placement._get_guarantees(),
            "interest": placement._get_interest(),
            "format_amount": partial(format_amount, self.env),
            "format_date": partial(format_date, self.env),
            "format_list": partial(format_list, self.env),
        }

    def _get_totals(self):
        """Return (currency, amount, amount in capitals or None) for each currency of the items."""
        totals = []
        for currency, lines in self.line_ids.grouped("currency_id").items():
            amount = currency.round(sum(lines.mapped("amount")))
            words = None
            if an2cn and (self.env.lang or "").startswith("zh") and currency.name == "CNY":
                words = "人民币" + an2cn(amount, "rmb")
            totals.append((currency, amount, words))
        return totals

    def _get_evidence(self):
        """Return the papers that prove the claim: (what, number, date, proven) by date."""
        kinds = dict(self.env["ar.limitation.event"]._fields["kind"]._description_selection(self.env))
        papers = []
        for move in self.line_ids.move_id:
            if move.invoice_origin:
                papers.append((self.env._("Order"), move.invoice_origin, None, True))
            papers.append((self.env._("Invoice"), move.name, move.invoice_date or move.date, True))
            if move.delivery_date:
                papers.append((self.env._("Delivery"), move.name, move.delivery_date, True))
        self.env.flush_all()
        self.env["ar.aging.report"]._switch_off_jit()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT event.kind, event.name, event.date, BOOL_OR(event.is_proven)
                  FROM (%s) event
                 WHERE event.move_id = ANY(%s) AND event.partner_id = %s
              GROUP BY event.kind, event.name, event.date
              ORDER BY event.date
                """,
                self.env["ar.limitation.source"]._event_sql(),
                list(self.line_ids.move_id.ids),
                self.partner_id.commercial_partner_id.id,
            )
        )
        papers += [(kinds.get(kind, kind), name, day, proven) for kind, name, day, proven in rows]
        return papers

    def _get_guarantees(self):
        """Return the securities of the customer that can still be claimed."""
        return self.env["ar.credit.security"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("valid", "lapsed", "called")),
            ]
        )

    def _get_interest(self):
        """Return (currency, amount) of late interest and fixed sums of the items, not paid and not waived."""
        claims = self.env["ar.interest.claim"].search(
            [("move_id", "in", self.line_ids.move_id.ids), ("state", "in", ("open", "claimed"))]
        )
        return [
            (currency, sum(of_currency.mapped("amount_left")))
            for currency, of_currency in claims.grouped("currency_id").items()
        ]
