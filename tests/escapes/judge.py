"""The guard's judgement of what the cases leave behind, loaded before a test gives up the right to read it."""

from guard.enforce.battery import judging, settling

judge = judging()
settle = settling()
