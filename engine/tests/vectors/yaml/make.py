"""Writes NAME.json beside each NAME.yaml here: how PyYAML 6 (BaseLoader: every scalar is text) reads it.

`tree` is the document with all scalars as strings; `scalars` lists every scalar in order as
[text, is plain, is a block, first character, character after the last], characters counted in the whole file.
"""

import json
import pathlib
import yaml


def scalars(node):
    if isinstance(node, yaml.ScalarNode):
        block = node.style in ("|", ">")
        yield [node.value, node.style is None, block, node.start_mark.index, node.end_mark.index]
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from scalars(item)
    else:
        for key, value in node.value:
            yield from scalars(key)
            yield from scalars(value)


for path in sorted(pathlib.Path(__file__).parent.glob("*.yaml")):
    text = path.read_bytes().decode("utf-8")
    tree = yaml.load(text, Loader=yaml.BaseLoader)
    assert tree == yaml.load(text, Loader=yaml.CBaseLoader), path
    node = yaml.compose(text, Loader=yaml.BaseLoader)
    answer = {"tree": tree, "scalars": list(scalars(node))}
    path.with_suffix(".json").write_text(
        json.dumps(answer, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
