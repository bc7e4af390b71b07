"""Decide what an AI agent may run; contain it; verify it; remember it."""
