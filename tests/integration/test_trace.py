"""One trace of one video, from the request through gateway, experts and merger."""

from pathlib import Path

import pytest

from deploy import cluster, trace


@pytest.mark.slow
@pytest.mark.cluster
def test_one_hybrid_video_is_one_trace_across_all_services(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "STATE", tmp_path)
    collector = trace.Collector()
    with trace.traced_cluster(collector) as running:
        trace.make_video(running.url, trace.PROMPT)
    collector.close()
    spans = collector.trace_of("POST /v1/videos")
    print("\n".join(trace.tree(spans)))
    assert {span.service for span in spans} == {"gateway", "expert_node", "merger"}
    known = {span.span_id for span in spans}
    roots = [span for span in spans if span.parent_id not in known]
    assert [span.name for span in roots] == ["POST /v1/videos"]
    names = [span.name for span in spans]
    assert names.count("clip") == names.count("make subvideo") == 3
    assert names.count("stage") >= 2
    assert {"plan", "generate", "video", "POST /v1/subvideos", "POST /v1/stages"} <= set(names)
