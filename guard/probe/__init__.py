"""Proof with the real client: it is started against a model of ours, which asks it to do what the guard must stop."""
