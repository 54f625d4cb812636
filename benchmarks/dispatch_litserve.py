"""The peer: LitServe with a model that does nothing."""

import sys

import litserve


class Nothing(litserve.LitAPI):
    def setup(self, device: str) -> None:
        pass

    def decode_request(self, request: dict[str, int]) -> int:
        return request["input"]

    def predict(self, x: int) -> int:
        return x

    def encode_response(self, output: int) -> dict[str, int]:
        return {"output": output}


if __name__ == "__main__":
    server = litserve.LitServer(Nothing(), accelerator="cpu")
    server.run(port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
