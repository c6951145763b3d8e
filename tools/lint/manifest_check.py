"""Manifests: complete, and in step with the files of the addon."""

import ast
import glob
import os
import re

# Folders whose XML and CSV files Odoo loads only if the manifest lists them.
LOADED = ("security", "data", "views", "report", "reports", "wizard", "wizards", "demo")
REQUIRED = ("name", "summary", "version", "license", "author", "category", "depends", "data")


def check(folder, requirements):
    """Yield a message for each finding in the manifest of an addon; `requirements` is requirements.txt."""
    path = folder / "__manifest__.py"
    try:
        manifest = ast.literal_eval(path.read_text())
    except (SyntaxError, ValueError) as problem:
        yield f"{path}: not a literal dictionary: {problem}"
        return
    for key in REQUIRED:
        if key not in manifest:
            yield f"{path}: no {key}"
    if not re.fullmatch(r"19\.0\.\d+\.\d+\.\d+", manifest.get("version", "")):
        yield f"{path}: version {manifest.get('version')!r} is not of the form 19.0.x.y.z"
    if manifest.get("license") != "LGPL-3":
        yield f"{path}: the license is {manifest.get('license')!r} instead of LGPL-3"
    yield from _files(folder, path, manifest)
    yield from _assets(folder, path, manifest)
    yield from _python(path, manifest, requirements)


def _files(folder, path, manifest):
    listed = [*manifest.get("data", ()), *manifest.get("demo", ())]
    for name in listed:
        if not (folder / name).is_file():
            yield f"{path}: {name} does not exist"
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        yield f"{path}: {name} is listed twice"
    for top in LOADED:
        for file in sorted((folder / top).rglob("*")):
            name = file.relative_to(folder).as_posix()
            if file.suffix in (".xml", ".csv") and name not in listed:
                yield f"{path}: {name} is listed neither in data nor in demo, so it is never loaded"


def _assets(folder, path, manifest):
    for bundle, entries in manifest.get("assets", {}).items():
        for entry in entries:
            name = entry if isinstance(entry, str) else entry[-1]
            module, _slash, pattern = name.partition("/")
            if module == folder.name and not glob.glob(os.path.join(folder, pattern), recursive=True):
                yield f"{path}: {name} in {bundle} matches no file"


def _python(path, manifest, requirements):
    pinned = {
        re.split("==", line)[0].lower()
        for line in requirements.read_text().splitlines()
        if re.match(r"[\w.-]+==", line)
    }
    for name in manifest.get("external_dependencies", {}).get("python", ()):
        if re.split(r"[<>=!~\[]", name)[0].lower() not in pinned:
            yield f"{path}: Python package {name} is not pinned in {requirements.name}"
