"""Reads variable and output blocks of the module. They are formatted by `terraform fmt`, so lines are enough."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    name: str
    description: str
    type: str = ""
    default: str | None = None
    """The expression of the default; None if the variable is required."""


def declared(file, kind="variable"):
    """The blocks of one kind in a file, by name, in the order of the file."""
    found = {}
    for name, body in re.findall(rf'^{kind} "(\w+)" \{{\n(.*?)^\}}$', file.read_text(), re.MULTILINE | re.DOTALL):
        found[name] = Variable(name, _argument(body, "description")[1:-1], _argument(body, "type"), _argument(body, "default"))
    return found


def _argument(body, name):
    """The expression of an argument, on one line; an empty string, or None for the default, if there is none."""
    match = re.search(rf"^  {name}\s+= (.*?)(?=^  \w|^$|\Z)", body, re.MULTILINE | re.DOTALL)
    if match is None:
        return None if name == "default" else ""
    line = re.sub(r"\s+", " ", match[1]).strip().replace('\\"', '"')
    return re.sub(r" (?=\w+ = )(?<!\{ )", ", ", line) if name == "type" else line
