"""Scenarios: a story of messages, people and time, and what must come of it in every order in which its events can arrive."""
