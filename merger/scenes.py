"""`scene.json`: the layers of a finished video, for engines that build the scene themselves.

Times are seconds, boxes are [left, top, right, bottom] in pixels of the video, links are relative to the
video's own address.
"""

import json
from collections.abc import Mapping
from typing import Any

from merger.forms import FORMS
from shared.schemas import SceneLayer, SceneRequest, SceneStage, SubvideoRef


def scene_json(request: SceneRequest, stages: Mapping[str, SubvideoRef]) -> bytes:
    """The layers of every stage, farthest first; `stages` has the reference of each stage by its digest."""
    layers, start = [], 0.0
    for number, stage in enumerate(request.stages):
        notes = stages[stage.stage].notes
        for depth, layer in enumerate(stage.layers):
            layers.append(
                _layer(layer, stage, notes, depth=depth, request=request)
                | {"stage": number, "start": start, "seconds": stage.seconds}
            )
        start += stage.seconds
    size = {"width": request.width, "height": request.height, "fps": request.fps, "seconds": start}
    return json.dumps({"version": 1} | size | {"layers": layers}, indent=1, ensure_ascii=False).encode()


def _layer(
    layer: SceneLayer,
    stage: SceneStage,
    notes: Mapping[str, Any],
    *,
    depth: int,
    request: SceneRequest,
) -> dict[str, Any]:
    is_keyed = layer.role == "foreground" and len(stage.layers) > 1
    box = str(notes.get(f"foreground_{depth}_box", ""))
    whole = [0, 0, request.width, request.height]
    return {
        "id": layer.id,
        "prompt": layer.prompt,
        "role": layer.role,
        "depth": depth,
        "box": [int(value) for value in box.split(",")] if is_keyed and box else whole,
        "key_colour": notes.get(f"foreground_{depth}_key") if is_keyed else None,
        "forms": {
            name: {
                "media_type": form.media_type,
                "alpha": form.alpha if is_keyed else "none",
                "href": f"subvideos/{layer.id}/content?form={name}",
            }
            for name, form in FORMS.items()
        },
    }
