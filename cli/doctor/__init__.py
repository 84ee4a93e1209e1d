"""``weerklank doctor``: looks at everything that can be wrong, before anything was started and while it runs, and says what to do.

The data directory, the environment, Kafka, PostgreSQL and the services come in; a report goes out. A file for each thing that is looked at; nothing here
changes anything.
"""
