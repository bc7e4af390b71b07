"""Walls without opinions: run a command in a throwaway sandbox and read what it changed."""
