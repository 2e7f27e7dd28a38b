"""A saved model of invented verse that was never trained: it knows characters, no poetry."""

import json
from itertools import permutations

import numpy as np

from serinette.artifact.folder import ArtifactContents, load, save
from serinette.artifact.step_graph import build_step_graph
from serinette.core.config import plain, resolve
from serinette.nets.config import ModelConfig, expected_shapes
from serinette.recipes.prepare import prepare
from serinette.recipes.requests import groups_of
from serinette.training.events import silent

CONFIG = ModelConfig(embedding_size=5, hidden_size=7, n_layers=1)
RHYMED = {
    "山": "白鸟无声过远山 一舟明月夜中还 独看红叶落林间 老树花开小寺闲 清风不到古城关",
    "阳": "夜来花落满池塘 竹影摇风入画堂 独坐空林看夕阳 远寺钟声带晓霜 门外春山草木香",
    "庚": "月下闲听流水声 雨过千山万木清 孤舟远客梦中行 半夜寒灯照眼明 秋入江南第一城",
}
ODD = (
    "天边日落千峰暮 竹下人来听鸟语 海上云生一片白 楼前柳色青如草 江头酒客思归路 "
    "春到寒门花未发 秋声满地无人扫 石上苔痕深几许"
)
"""Lines that end in an oblique tone."""


def write_poems(path):
    """Write some 90 invented poems, 七绝 and 五绝, by two authors, and return the path."""
    odd, poems = ODD.split(), []
    for lines in RHYMED.values():
        for number, (first, second, third) in enumerate(permutations(lines.split(), 3)):
            four = (first, second, odd[number % len(odd)], third)
            width = 5 if number % 3 == 2 else 7
            texts = [line[-width:] for line in four]
            poems.append(
                {
                    "title": first[-2:],
                    "author": "石生" if number % 2 else "云生",
                    "paragraphs": [f"{texts[0]}，{texts[1]}。", f"{texts[2]}，{texts[3]}。"],
                }
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(poems, ensure_ascii=False), encoding="utf-8")
    return path


def save_untrained_poet(folder, data):
    """Save a model of a file of `write_poems` under `folder` and load it."""
    resolved = resolve(groups_of("poem"), [])
    prepared = prepare("poem", [data], resolved, silent)
    schema = prepared.codec.schema
    weights = {
        name: 0.3 * np.sin(np.arange(np.prod(shape)) + k).astype(np.float32).reshape(shape)
        for k, (name, shape) in enumerate(expected_shapes(CONFIG, schema).items())
    }
    contents = ArtifactContents(
        kind="poem",
        schema=schema,
        codec=prepared.codec.to_json(),
        model=plain(CONFIG),
        training={"settings": resolved.to_json()},
        source={
            "paths": [str(data)],
            "sha256": [file.sha256 for file in prepared.corpus.sources],
            "data": plain(resolved.groups["data"]),
            "split": plain(resolved.groups["split"]),
        },
        evaluation={"metrics": []},
        history=[{"update": 1, "seconds": 1.0, "metrics": {}}],
        weights=weights,
        graph=build_step_graph(CONFIG, schema, weights),
        card="---\n---\n",
    )
    save(folder, contents)
    return load(folder)
