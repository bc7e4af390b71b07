"""How four families of clients talk to their models, as far as a script of tool calls needs it."""
