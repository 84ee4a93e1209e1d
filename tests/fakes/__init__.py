"""Stand-ins for vendors' clouds, which hold what is sent to them to the vendors' documents."""
