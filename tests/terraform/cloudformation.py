"""template.yaml: its resources as deployed, its parameters and its outputs."""

import json
import os
import re
import subprocess
from functools import lru_cache

import yaml

from terraform import ROOT

TEMPLATE = ROOT / "template.yaml"


class _Loader(yaml.SafeLoader):
    """Reads the short forms of intrinsic functions, such as `!Ref x`, as `{"Ref": x}`."""


def _short_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    return {suffix: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


def template():
    return yaml.load(TEMPLATE.read_text(), Loader=_Loader)


def resolved(parameters, references):
    """The properties of each resource that is created, by its logical name.

    tests/template/stack.rs resolves the intrinsic functions. `references` are the values of generated names and attributes, such
    as `Inbox.Arn`. RESOLVE_TEMPLATE is the path of the built example, if cargo should not build it.
    """
    arguments = tuple(f"{name}={value}" for name, value in {**references, **parameters}.items())
    return {name: resource["Properties"] or {} for name, resource in json.loads(_resolve(arguments)).items()}


@lru_cache
def _resolve(arguments):
    command = ["cargo", "run", "--locked", "--quiet", "--example", "resolve-template", "--"]
    if built := os.environ.get("RESOLVE_TEMPLATE"):
        command = [built]
    return subprocess.run([*command, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


def outputs(resources, parameters, references):
    """The values of the stack's outputs, by name."""

    def value(expression):
        if "Ref" in expression:
            return name(expression["Ref"])
        if "GetAtt" in expression:
            return name(expression["GetAtt"])
        if "If" in expression:
            condition, yes, no = expression["If"]
            assert condition == "CreateConfiguration", condition
            return value(no if parameters.get("ConfigurationParameterName") else yes)
        return re.sub(r"\$\{([\w.:]+)\}", lambda match: name(match[1]), expression["Sub"])

    def name(of):
        known = {**references, **parameters}
        properties = resources.get(of, {})
        return known.get(of) or properties.get("FunctionName") or properties["Name"]

    return {output: value(content["Value"]) for output, content in template()["Outputs"].items()}
