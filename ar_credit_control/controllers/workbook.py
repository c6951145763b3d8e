import tempfile
from contextlib import contextmanager

from werkzeug.exceptions import BadRequest, Forbidden
from werkzeug.wsgi import wrap_file

from odoo.exceptions import AccessError, UserError
from odoo.http import Response, content_disposition, request

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@contextmanager
def open_file():
    """Give a file to write a workbook to; it is closed where that fails.

    :raise Forbidden: for what the user may not read
    :raise BadRequest: for what else cannot be done as it was asked for
    """
    # It leaves in pieces after the request was answered; its name is gone when it is closed.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        yield file
    except BaseException as error:
        file.close()
        if isinstance(error, AccessError):
            raise Forbidden(str(error)) from error
        if isinstance(error, UserError):
            raise BadRequest(str(error)) from error
        raise


def send_workbook(file, name):
    """Return the response that sends a file, which was written to its end, in pieces under a name."""
    size = file.tell()
    file.seek(0)
    return Response(
        wrap_file(request.httprequest.environ, file),
        direct_passthrough=True,
        headers=[
            ("Content-Type", XLSX),
            ("Content-Length", size),
            ("Content-Disposition", content_disposition(name)),
            ("X-Content-Type-Options", "nosniff"),
        ],
    )
