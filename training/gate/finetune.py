"""Fine-tunes a hosted model through the fine-tuning API of any OpenAI-compatible server.

    OPENAI_API_KEY=… python -m training.gate.finetune --data build/gate/chat.jsonl --model gpt-4.1-nano

Uploads the validated chats, starts a job and follows it to its end; prints the fine-tuned model's name,
which is what `GATEWAY_LLM_MODEL` wants, together with `GATEWAY_LLM_FINE_TUNED=true`.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from openai import OpenAI
from openai.types.fine_tuning import FineTuningJob

from training.gate.chat_data import validate

_FINAL = frozenset({"succeeded", "failed", "cancelled"})


class FineTuningFailed(Exception):
    """The job ended without a model; the message is the server's reason."""


def start(client: OpenAI, data: Path, *, model: str, suffix: str, epochs: int | None) -> FineTuningJob:
    """Validate and upload the chats, and start the job."""
    validate(data)
    with data.open("rb") as file:
        uploaded = client.files.create(file=file, purpose="fine-tune")
    hyperparameters = {"n_epochs": epochs} if epochs else {}
    return client.fine_tuning.jobs.create(
        training_file=uploaded.id,
        model=model,
        suffix=suffix,
        method={"type": "supervised", "supervised": {"hyperparameters": hyperparameters}},  # type: ignore[typeddict-item]
    )


def follow(
    client: OpenAI,
    job_id: str,
    *,
    poll_s: float,
    say: Callable[[str], None] = print,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Tell the job's events, each once, until it ends; the fine-tuned model's name."""
    told: set[str] = set()
    while True:
        job = client.fine_tuning.jobs.retrieve(job_id)
        events = client.fine_tuning.jobs.list_events(job_id, limit=50).data
        for event in sorted(events, key=lambda event: event.created_at):
            if event.id not in told:
                told.add(event.id)
                say(event.message)
        if job.status in _FINAL:
            return _model_of(job)
        sleep(poll_s)


def _model_of(job: FineTuningJob) -> str:
    if job.status == "succeeded" and job.fine_tuned_model:
        return job.fine_tuned_model
    reason = job.error.message if job.error and job.error.message else "no reason given"
    raise FineTuningFailed(f"{job.status}: {reason}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--base-url")
    parser.add_argument("--suffix", default="gate")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--poll", type=float, default=10.0, metavar="SECONDS")
    arguments = parser.parse_args()
    client = OpenAI(base_url=arguments.base_url)
    job = start(
        client, arguments.data, model=arguments.model, suffix=arguments.suffix, epochs=arguments.epochs
    )
    print(f"job {job.id}")
    print(follow(client, job.id, poll_s=arguments.poll))


if __name__ == "__main__":
    main()
