"""XML files: well-formed, without what Odoo 19 has dropped, each record's id once in an addon."""

from lxml import etree

# What Odoo 19 no longer reads, and what took its place.
DROPPED_TAGS = {"tree": "<list>", "openerp": "<odoo>", "act_window": '<record model="ir.actions.act_window">'}
DROPPED_ATTRIBUTES = {
    "attrs": "invisible, readonly and required on the element",
    "states": "invisible on the element",
    "t-esc": "t-out",
    "t-raw": "t-out with Markup",
    "t-oldname": "t-name",
}
DROPPED_FIELDS = {"groups_id": "group_ids", "numbercall": "nothing: crons run until switched off"}
# A rule keeps `groups`; nothing of ours has a field groups_id.
GLOBAL_DROPPED_VIEW_MODE = "tree"


def check(folder):
    """Yield a message for each finding in an addon's XML files."""
    seen = {}
    for path in sorted(folder.rglob("*.xml")):
        if "node_modules" in path.parts:
            continue
        try:
            document = etree.parse(str(path))
        except etree.XMLSyntaxError as problem:
            yield f"{path}:{problem.lineno}: not well-formed: {problem.msg}"
            continue
        for element in document.iter(etree.Element):
            yield from _element(path, element)
            yield from _record_id(path, element, folder.name, seen)


def _element(path, element):
    if element.tag in DROPPED_TAGS:
        yield f"{path}:{element.sourceline}: <{element.tag}> is now {DROPPED_TAGS[element.tag]}"
    for name in element.attrib:
        if name in DROPPED_ATTRIBUTES:
            yield f"{path}:{element.sourceline}: {name}= is now {DROPPED_ATTRIBUTES[name]}"
    if element.tag != "field":
        return
    name = element.get("name")
    if name in DROPPED_FIELDS:
        yield f"{path}:{element.sourceline}: field {name} is now {DROPPED_FIELDS[name]}"
    if name == "view_mode" and GLOBAL_DROPPED_VIEW_MODE in (element.text or "").split(","):
        yield f"{path}:{element.sourceline}: view mode tree is now list"


def _record_id(path, element, module, seen):
    if element.tag not in ("record", "template", "menuitem") or not element.get("id"):
        return
    # An addon may change a record of its own in a second place only on purpose: it then names its module.
    identifier = element.get("id")
    if "." in identifier and not identifier.startswith(f"{module}."):
        return
    if identifier in seen:
        yield f"{path}:{element.sourceline}: id {identifier} is already in {seen[identifier]}"
    else:
        seen[identifier] = f"{path}:{element.sourceline}"
