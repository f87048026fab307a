"""Transformers whose attention heads learn how far back to look."""

from model.checkpoint import load

__all__ = ["load"]
