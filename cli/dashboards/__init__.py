"""The Grafana dashboards in deploy/grafana/dashboards: what they show is written here, what Grafana reads is generated from it."""
