"""XML files: well-formed, without what Odoo 19 has dropped, nothing about a record said twice."""

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
    identifier = element.get("id").removeprefix(f"{module}.")
    if "." in identifier:
        return
    # Records that refer to each other are completed further on; saying the same twice is a mistake.
    says = {field.get("name") for field in element.iterfind("field")} or {element.tag}
    for place, said in seen.setdefault(identifier, []):
        if says & said:
            twice = ", ".join(sorted(says & said))
            yield f"{path}:{element.sourceline}: {identifier} says {twice} again, after {place}"
    seen[identifier].append((f"{path}:{element.sourceline}", says))
