"""Where a long table breaks, so that its headings stand on every page.

wkhtmltopdf as Debian ships it repeats no table headings: a table is printed as one for each page. Heights are
estimated, with some room left over; a short table is never split.
"""

# Millimetres of a page of A4 between its margins, less what an estimate may be wrong by.
PAGE = 258
# The same of a page in landscape.
LANDSCAPE = 171
LINE = 5.9
SECOND_LINE = 3.4
TEXT_LINE = 5.2
TEXT_WIDTH = 105


def _get_width(text):
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def estimate_text(paragraphs):
    """Return the millimetres that paragraphs take; a Chinese character is as wide as two letters."""
    height = 0.0
    for text in paragraphs:
        height += (_get_width(text) // TEXT_WIDTH + 1) * TEXT_LINE + 2.5
    return height


def count_lines(texts, widths):
    """Return how many lines the fullest cell of a row takes.

    :param widths: letters that fit into a line of each cell; a Chinese character is as wide as two
    """
    return max(_get_width(text or "") // width + 1 for text, width in zip(texts, widths, strict=True))


def split_rows(rows, used, count_further=lambda row: 0, line=LINE, page=PAGE):
    """Return ``rows`` in lists, one for each page, and the millimetres used on the last one.

    The first list is empty where nothing more fits on the first page.

    :param used: millimetres of the first page that stand before the table
    :param count_further: says of a row how many lines it has beyond the first
    :param line: millimetres of a row of one line
    :param page: millimetres of a page
    """
    pages, position = [[]], used + line
    for row in rows:
        height = line + SECOND_LINE * count_further(row)
        if position + height > page and (pages[-1] or used > page / 2):
            pages.append([])
            position = line
            used = 0.0
        pages[-1].append(row)
        position += height
    return pages, position
