"""The embedded stack behind ``weerklank up``: one Kafka node, one PostgreSQL server and the five services.

``kafka`` and ``postgres`` know how to prepare, configure and start their server; ``ports`` which port is whose;
``supervisor`` starts all of it in order, keeps it running and stops it. Every error that a person can mend is a
``StackError``.
"""
