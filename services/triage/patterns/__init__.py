"""The words that signals are recognised by, a module for each kind of trouble; `signals.py` matches them, nothing here runs.

Every module holds `SIGNALS`, signal → patterns (RE2 syntax, over text as `fold` leaves it: lower case, no accents, straight quotes, single
spaces), of which one is enough, and `TOGETHER`, signal → sets of signals, of which one must be there as a whole. Signals that only serve
`TOGETHER` name what they are about (`outlet`, `insider`); alone they mean nothing. In a pattern "…" stands for anything within the sentence.
"""
