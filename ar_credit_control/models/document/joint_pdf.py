"""Many documents in one PDF: one process of wkhtmltopdf prints them, and each page knows its document.

wkhtmltopdf as Debian ships it takes one file and makes no outline, so documents are joined into one page of
HTML, each behind a page break, and begin with a dot of a pixel whose colour, next to white, tells its number.
The dots are counted on the printed pages: a PDF whose dots are not all there, in order, is not split at all.
"""

import io
import re

import lxml.html
from markupsafe import Markup
from reportlab.pdfgen import canvas

from odoo.tools.pdf import PdfFileReader, PdfFileWriter

# Red of the dots; the last four bits of green and blue tell 256 documents apart.
MARK_RED = 254
# A colour of a fill whose red is that of the dots, as share of 255.
MARK = re.compile(rb"0?\.996\d* (\d*\.?\d+) (\d*\.?\d+) (?:scn|sc|rg)\b")
# Millimetres of the page are points here: where the number of a page stands, below the printed area.
NUMBER_RIGHT, NUMBER_BOTTOM, NUMBER_SIZE = 51, 22, 8


def get_style(page):
    """Return what documents must share to be printed together: language and styles of their HTML."""
    root = lxml.html.document_fromstring(page)
    return root.get("lang") or "", "".join(style.text or "" for style in root.iter("style"))


def join_pages(pages, lang, style):
    """Return one HTML document of the bodies of ``pages``, each on a new sheet and marked by its number."""
    bodies = []
    for number, page in enumerate(pages):
        body = lxml.html.document_fromstring(page).find("body")
        body.tag = "div"
        mark = f"rgb({MARK_RED}, {255 - number // 16}, {255 - number % 16})"
        bodies.append(
            Markup(
                '<div style="page-break-before: %s;">'
                '<div style="position: absolute; width: 1px; height: 1px; background-color: %s;"></div>'
                "%s</div>"
            )
            % ("always" if number else "auto", mark, Markup(lxml.html.tostring(body, encoding="unicode")))
        )
    return Markup(
        '<!DOCTYPE html>\n<html lang="%s"><head><meta charset="utf-8"/><style>%s</style></head>'
        "<body>%s</body></html>"
    ) % (lang, Markup(style), Markup().join(bodies))  # styles come from a page that was rendered already


def split_pages(content, count):
    """Return the pages of each of the ``count`` documents of a PDF; None if they cannot be told."""
    reader = PdfFileReader(io.BytesIO(content), strict=False)
    documents = []
    for position in range(reader.numPages):
        page = reader.getPage(position)
        numbers = _read_numbers(page)
        if len(documents) in numbers:
            documents.append([])
        elif not documents:
            return None
        if any(number >= len(documents) for number in numbers if number < count):
            return None
        documents[-1].append(page)
    return documents if len(documents) == count else None


def read_pages(content):
    """Return all pages of a printed document."""
    reader = PdfFileReader(io.BytesIO(content), strict=False)
    return [reader.getPage(position) for position in range(reader.numPages)]


def _read_numbers(page):
    """Return the numbers of the dots on a page: of the document that begins on it."""
    contents = page.get("/Contents")
    if contents is None:
        return set()
    contents = contents.getObject()
    streams = contents if isinstance(contents, list) else [contents]
    numbers = set()
    for stream in streams:
        for colours in MARK.findall(stream.getObject().getData()):
            green, blue = (round(float(colour) * 255) for colour in colours)
            if green >= 240 and blue >= 240:
                numbers.add((255 - green) * 16 + 255 - blue)
    return numbers


def write_documents(documents):
    """Return PDF bytes of the pages of documents: pairs of a name and pages, in one file.

    The pages of a document of several are numbered "2 / 3", with its name if the font of the numbers has it.
    """
    writer = PdfFileWriter()
    for name, pages in documents:
        start = writer.getNumPages()
        for page in pages:
            writer.addPage(page)
        if len(pages) > 1:
            _number_pages(name, [writer.getPage(start + position) for position in range(len(pages))])
    writer.addMetadata({"/Title": documents[0][0] if len(documents) == 1 else ""})
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def _number_pages(name, pages):
    packet = io.BytesIO()
    label = f"{name} · " if _is_drawable(name) else ""
    drawing = canvas.Canvas(packet)
    for position, page in enumerate(pages, start=1):
        width = float(page.mediaBox.getWidth())
        drawing.setPageSize((width, float(page.mediaBox.getHeight())))
        drawing.setFont("Helvetica", NUMBER_SIZE)
        drawing.setFillGray(0.4)
        drawing.drawRightString(width - NUMBER_RIGHT, NUMBER_BOTTOM, f"{label}{position} / {len(pages)}")
        drawing.showPage()
    drawing.save()
    overlay = PdfFileReader(packet, strict=False)
    for position, page in enumerate(pages):
        page.mergePage(overlay.getPage(position))


def _is_drawable(name):
    """Whether the fonts that every PDF reader has can show a name: they know western letters alone."""
    try:
        name.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
