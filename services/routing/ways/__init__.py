"""Ways to tell somebody something: one module for each, all with the same `send`."""
