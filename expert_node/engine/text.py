"""Text encoders: a prompt to the embeddings a UNet attends to, and which of them belong to a word."""

from pathlib import Path
from typing import Any, Protocol

import torch
from transformers import AutoTokenizer, BertModel, CLIPTextModel, CLIPTokenizer


class TextEncoder(Protocol):
    """What the engine asks of a text encoder."""

    model: Any

    def encode(self, prompts: list[str]) -> torch.Tensor:
        """Embeddings, float32: (prompts, tokens, channels)."""

    def tokens_of(self, prompt: str, words: str) -> tuple[int, ...]:
        """Positions of the tokens that spell `words` in `prompt`; empty if it does not occur."""


class _TransformersText:
    """What encoders with a transformers tokenizer and model have in common."""

    def __init__(self, tokenizer: Any, model: Any, device: torch.device, *, tokens: int) -> None:
        self._tokenizer = tokenizer
        self.model = model.eval().to(device)
        self._tokens = tokens

    def _tokenized(self, prompts: list[str]) -> Any:
        batch = self._tokenizer(
            prompts, padding="max_length", max_length=self._tokens, truncation=True, return_tensors="pt"
        )
        return batch.to(self.model.device)

    def tokens_of(self, prompt: str, words: str) -> tuple[int, ...]:
        """Positions of the last occurrence of the tokens of `words` within the tokens of `prompt`."""
        whole = self._tokenized([prompt])["input_ids"][0].tolist()
        part = self._tokenizer(words, add_special_tokens=False)["input_ids"]
        for start in range(len(whole) - len(part), -1, -1):
            if part and whole[start : start + len(part)] == part:
                return tuple(range(start, start + len(part)))
        return ()


class ClipText(_TransformersText):
    """The CLIP text encoder of Stable Diffusion 1.x: last hidden state of the padded prompt, unmasked."""

    @classmethod
    def load(cls, source: str, device: torch.device) -> "ClipText":
        tokenizer = CLIPTokenizer.from_pretrained(source, subfolder="tokenizer")
        model = CLIPTextModel.from_pretrained(
            source, subfolder="text_encoder", use_safetensors=True, dtype=torch.float32
        )
        return cls(tokenizer, model, device, tokens=tokenizer.model_max_length)

    @torch.inference_mode()
    def encode(self, prompts: list[str]) -> torch.Tensor:
        batch = self._tokenized(prompts)
        masked = getattr(self.model.config, "use_attention_mask", False)
        mask = batch["attention_mask"] if masked else None
        return self.model(batch["input_ids"], attention_mask=mask)[0]  # type: ignore[no-any-return]


class MiniLmText(_TransformersText):
    """all-MiniLM-L6-v2: hidden states of a fixed number of tokens, padding zeroed."""

    @classmethod
    def load(cls, folder: Path, device: torch.device, *, tokens: int) -> "MiniLmText":
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = BertModel.from_pretrained(
            folder, use_safetensors=True, local_files_only=True, dtype=torch.float32
        )
        return cls(tokenizer, model, device, tokens=tokens)

    @torch.inference_mode()
    def encode(self, prompts: list[str]) -> torch.Tensor:
        batch = self._tokenized(prompts)
        hidden = self.model(**batch).last_hidden_state
        return hidden * batch["attention_mask"][..., None]  # type: ignore[no-any-return]
