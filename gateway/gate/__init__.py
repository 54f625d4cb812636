"""The task decomposition gate (Liu et al. 2024, section IV-A): a prompt becomes a plan."""

from gateway.gate.build import build_gate
from gateway.gate.gate import Gate

__all__ = ["Gate", "build_gate"]
