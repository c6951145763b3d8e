from werkzeug.exceptions import Forbidden, NotFound

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import request, route

from .workbook import open_file, send_workbook


class ProvisionController(http.Controller):
    """Downloads of provision runs, of the movement of the allowance, of coverage, back-tests, histories."""

    @route(
        "/ar_credit_control/workbook/<string:model>/<int:record_id>.xlsx",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def provision_xlsx(self, model, record_id, **kwargs):
        """Return the workbook of what prints as a paper about provisions.

        :param model: name of a model that inherits ``ar.provision.print.mixin``
        :raise NotFound: without such a record
        :raise Forbidden: without the right to read it
        """
        record = self._get_record(model, record_id)
        with open_file() as file:
            record._write_workbook(file)
        return send_workbook(file, f"{record._get_file_name()}.xlsx")

    def _get_record(self, model, record_id):
        """Return a record that the user may read, in any company that the user may work in."""
        if not isinstance(request.env.get(model), request.env.registry["ar.provision.print.mixin"]):
            raise NotFound()
        companies = request.env.user.company_ids
        records = request.env[model].with_context(allowed_company_ids=companies.ids)
        try:
            records.check_access("read")
            record = records.browse(record_id).exists()
            if not record:
                raise NotFound()
            record.check_access("read")
        except AccessError as error:
            raise Forbidden(str(error)) from error
        return record
