DIGITS = "零壹贰叁肆伍陆柒捌玖"
UNITS = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")


def rmb_capitals(amount):
    """Return an amount of CNY in Chinese capitals (人民币大写) as cheques and letters carry it.

    >>> rmb_capitals(100200.5)
    '人民币壹拾万零贰佰元伍角整'
    """
    cents = round(abs(amount) * 100)
    yuan, jiao, fen = cents // 100, cents // 10 % 10, cents % 10
    text = _integer_capitals(yuan) + "元" if yuan else ""
    if jiao:
        text += DIGITS[jiao] + "角"
    elif fen and yuan:
        text += "零"
    text += DIGITS[fen] + "分" if fen else "整"
    if not cents:
        text = "零元整"
    return f"人民币{'负' if amount < 0 else ''}{text}"


def _integer_capitals(number):
    groups = []
    while number:
        groups.append(number % 10000)
        number //= 10000
    text = ""
    for position in reversed(range(len(groups))):
        group = groups[position]
        if not group:
            continue
        if text and (group < 1000 or not groups[position + 1] % 10):
            text += "零"
        text += _group_capitals(group) + GROUPS[position]
    return text


def _group_capitals(group):
    text, gap = "", False
    for position in reversed(range(4)):
        digit = group // 10**position % 10
        if digit:
            text += ("零" if gap and text else "") + DIGITS[digit] + UNITS[position]
            gap = False
        else:
            gap = True
    return text
