"""Where a long table breaks, so that its headings stand on every page.

wkhtmltopdf as Debian ships it repeats no table headings: a table is printed as one for each page. Heights are
estimated, with some room left over; a short table is never split.
"""

# Millimetres of a page of A4 between its margins, less what an estimate may be wrong by.
PAGE = 258
LINE = 5.9
SECOND_LINE = 3.4
TEXT_LINE = 5.2
TEXT_WIDTH = 105


def estimate_text(paragraphs):
    """Return the millimetres that paragraphs take; a Chinese character is as wide as two letters."""
    height = 0.0
    for text in paragraphs:
        width = sum(2 if ord(character) > 0x2E7F else 1 for character in text)
        height += (width // TEXT_WIDTH + 1) * TEXT_LINE + 2.5
    return height


def split_rows(rows, used, is_tall):
    """Return ``rows`` in lists, one for each page, and the millimetres used on the last one.

    :param used: millimetres of the first page that stand before the table
    :param is_tall: says of a row that it has a second line
    """
    pages, position = [[]], used + LINE
    for row in rows:
        height = LINE + (SECOND_LINE if is_tall(row) else 0.0)
        if position + height > PAGE and (pages[-1] or used > PAGE / 2):
            pages.append([])
            position = LINE
            used = 0.0
        pages[-1].append(row)
        position += height
    return pages, position
