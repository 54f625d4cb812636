"""The prompt filter, on a server of OpenAI's shape."""

import asyncio
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse

from tests.gateway.conftest import Cluster
from tests.gateway.doubles import plan_of, serving


class Filter:
    def __init__(self) -> None:
        self.broken = False
        #: Answers nobody until so many ask at once.
        self.together = asyncio.Barrier(1)
        self.app = FastAPI()
        self.app.add_api_route("/v1/moderations", self.moderate, methods=["POST"])

    async def moderate(self, request: Request) -> Any:
        await self.together.wait()
        if self.broken:
            return JSONResponse({"error": {"message": "no"}}, status_code=500)
        texts = (await request.json())["input"]
        results = [{"flagged": "weapon" in text, "categories": {}, "category_scores": {}} for text in texts]
        return {"id": "m", "model": "m", "results": results}


async def test_flagged_prompts_are_refused_wherever_they_stand(cluster: Cluster) -> None:
    filtering = Filter()
    async with serving(filtering.app) as url:
        http = await cluster.gateway(moderation_base_url=f"{url}/v1")
        plan = plan_of(["a weapon"]).model_dump(mode="json")
        for path, body in (
            ("/v1/videos", {"prompt": "a weapon"}),
            ("/v1/videos", {"prompt": "a dog", "plan": plan}),
            ("/v1/plans", {"prompt": "a weapon"}),
        ):
            answer = await http.post(path, json=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "moderation_blocked")
        assert (await http.get("/v1/videos")).json()["data"] == []
        assert (await http.post("/v1/videos", json={"prompt": "a dog"})).status_code == 200
        filtering.broken = True
        assert (await http.post("/v1/videos", json={"prompt": "a cat"})).status_code == 503


async def test_a_slow_filter_holds_up_nobody_but_those_it_judges(cluster: Cluster) -> None:
    filtering = Filter()
    filtering.together = asyncio.Barrier(8)
    async with serving(filtering.app) as url:
        http = await cluster.gateway(moderation_base_url=f"{url}/v1", moderation_timeout_s=60)
        posts = (http.post("/v1/videos", json={"prompt": f"a dog {n}"}) for n in range(8))
        assert {answer.status_code for answer in await asyncio.gather(*posts)} == {200}
