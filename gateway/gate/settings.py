"""The settings of the task decomposition gate; the gateway's settings inherit them."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class GateSettings(ServiceSettings):
    """Which gate answers, and within which limits."""

    #: Any OpenAI-compatible server, such as `http://127.0.0.1:8080/v1`; None: the embedded gate alone.
    llm_base_url: str | None = Field(None, pattern=r"^https?://\S+$", max_length=300)
    llm_api_key: SecretStr | None = None
    llm_model: str = Field("", max_length=200)
    #: From the first request to the last repair; then the embedded gate answers.
    llm_timeout_s: float = Field(8.0, gt=0, le=120)
    #: The model was fine-tuned by `training.gate.finetune` or `.lora`: a brief system message will do.
    llm_fine_tuned: bool = False
    llm_max_tokens: int = Field(1200, ge=64, le=8192)
    #: Prompts that the embedded gate is at least this sure of do not go to the LLM; above 1, all go there.
    llm_confidence_threshold: float = Field(0.9, ge=0, le=1.01)
    #: Failures in a row that open the circuit breaker, and how long it stays open.
    llm_breaker_failures: int = Field(3, ge=1, le=100)
    llm_breaker_reset_s: float = Field(30.0, gt=0, le=3600)

    #: The length of a stage when the request does not say how long the video is.
    default_stage_seconds: float = Field(2.0, gt=0, le=60)
    #: How long a plan is remembered; 0 turns the cache off.
    plan_ttl_s: float = Field(86_400.0, ge=0)
