from werkzeug.exceptions import Forbidden, NotFound

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import request, route

from .workbook import open_file, send_workbook


class ProvisionController(http.Controller):
    """Downloads of provision runs, of the movement of the allowance, of coverage, back-tests, histories."""

    @route(
        "/ar_credit_control/provision/<int:run_id>.xlsx",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def provision_xlsx(self, run_id, **kwargs):
        """Return the workbook of a run: matrix, items, movement.

        :raise NotFound: without such a run
        :raise Forbidden: without the right to read it
        """
        run = self._get_record("ar.provision.run", run_id)
        name = f"provision-{run.name.replace('/', '-')}-{run.date}.xlsx"
        return self._send(name, run.env["ar.provision.xlsx"]._write_run, run)

    @route(
        "/ar_credit_control/provision-movement/<int:report_id>.xlsx",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def movement_xlsx(self, report_id, **kwargs):
        """Return the workbook of a movement table that the user has open.

        :raise NotFound: without such a table
        :raise Forbidden: without the right to read it
        """
        report = self._get_record("ar.provision.movement.report", report_id)
        name = f"allowance-movement-{report.date_from}-{report.date_to}.xlsx"
        return self._send(name, report.env["ar.provision.xlsx"]._write_movement, report)

    @route(
        "/ar_credit_control/provision-backtest/<int:record_id>.xlsx",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def backtest_xlsx(self, record_id, **kwargs):
        """Return the workbook of a back-test.

        :raise NotFound: without such a record
        :raise Forbidden: without the right to read it
        """
        record = self._get_record("ar.provision.backtest", record_id)
        return self._send(f"{record._get_file_name()}.xlsx", self._write_tables, record)

    @route(
        "/ar_credit_control/roll-rates/<int:record_id>.xlsx",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def derivation_xlsx(self, record_id, **kwargs):
        """Return the workbook of the rates of a history.

        :raise NotFound: without such a record
        :raise Forbidden: without the right to read it
        """
        record = self._get_record("ar.provision.derivation", record_id)
        return self._send(f"{record._get_file_name()}.xlsx", self._write_tables, record)

    @route(
        "/ar_credit_control/provision-coverage/<int:record_id>.xlsx",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def coverage_xlsx(self, record_id, **kwargs):
        """Return the workbook of the coverage by a run that the user has open.

        :raise NotFound: without such a record
        :raise Forbidden: without the right to read it
        """
        record = self._get_record("ar.provision.coverage.report", record_id)
        return self._send(f"{record._get_file_name()}.xlsx", self._write_tables, record)

    def _write_tables(self, file, record):
        record._write_workbook(file)

    def _get_record(self, model, record_id):
        """Return a record that the user may read, in any company that the user may work in."""
        user = request.env.user
        records = request.env[model].with_context(allowed_company_ids=user.company_ids.ids)
        try:
            records.check_access("read")
            record = records.browse(record_id).exists()
            if not record:
                raise NotFound()
            record.check_access("read")
        except AccessError as error:
            raise Forbidden(str(error)) from error
        return record

    def _send(self, name, write, record):
        with open_file() as file:
            write(file, record)
        return send_workbook(file, name)
