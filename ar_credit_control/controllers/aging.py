import json

from werkzeug.exceptions import BadRequest, Forbidden

from odoo import http
from odoo.fields import Domain
from odoo.http import request, route

from .workbook import open_file, send_workbook


class AgingController(http.Controller):
    """Download of the receivables ageing."""

    @route(
        "/ar_credit_control/aging.xlsx",
        type="http",
        auth="user",
        methods=["GET", "POST"],
        readonly=True,
        save_session=False,
    )
    def aging_xlsx(self, as_of=None, by=None, cids=None, domain=None, **kwargs):
        """Return the workbook of the items open at a date, as far as the user may see them.

        :param as_of: date ``YYYY-MM-DD``, default today
        :param by: ``due`` (default), ``invoice`` or ``delivery``
        :param cids: ids of companies as the web client writes them (``1-2``), default those selected there
        :param domain: domain as JSON that limits the items, default none
        :raise BadRequest: when a parameter is not of this form
        :raise Forbidden: without the right to read the ageing or one of the companies
        """
        companies = self._get_companies(cids or request.httprequest.cookies.get("cids"), strict=bool(cids))
        exporter = request.env["ar.aging.xlsx"].with_context(
            allowed_company_ids=companies.ids, ar_as_of=as_of, ar_aging_by=by
        )
        report = exporter.env["ar.aging.report"]
        with open_file() as file:
            report.check_access("read")
            date = report._get_as_of()
            report._get_aging_by()
            exporter._write_workbook(file, self._parse_domain(report, domain))
        return send_workbook(file, f"receivables-ageing-{date}.xlsx")

    def _get_companies(self, cids, strict):
        """Return the companies from ids joined by ``-`` (or ``,``); those of the user without ids.

        :param strict: refuse ids of other companies; a stale cookie is not refused, its ids are left out
        """
        user_companies = request.env.user.company_ids
        if not cids:
            return request.env.user.company_id
        try:
            ids = [int(cid) for cid in cids.replace(",", "-").split("-") if cid]
        except ValueError:
            if strict:
                raise BadRequest(request.env._("“%s” is not a list of companies.", cids[:40])) from None
            ids = []
        companies = user_companies.browse([cid for cid in ids if cid in user_companies.ids])
        if strict and len(companies) < len(ids):
            raise Forbidden(request.env._("You may not see one of these companies."))
        return companies or request.env.user.company_id

    def _parse_domain(self, report, domain):
        """Return the domain from JSON; a wrong one is the caller's mistake, never a server error."""
        if not domain:
            return []
        try:
            parsed = Domain(json.loads(domain))
            parsed.validate(report)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise BadRequest(request.env._("The selection of items is not a valid domain.")) from None
        return [] if parsed.is_true() else list(parsed)
