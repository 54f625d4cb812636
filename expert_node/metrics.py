"""What an expert node counts and measures, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)

SUBVIDEOS = Counter("expert_subvideos_total", "Clips that ended here, by how.", ["outcome"])
BATCH_SECONDS = Histogram("expert_batch_seconds", "Computing one batch.", ["profile"], buckets=_SECONDS)
SPEED = Gauge("expert_megapixels_per_second", "Key frames made a second, smoothed.", ["profile"])
RUNNING = Gauge("expert_subvideos_running", "Clips that are computed.")
WAITING = Gauge("expert_subvideos_waiting", "Clips in the queue.")
REFUSED = Counter("expert_subvideos_refused_total", "Clips refused because too many wait.")
HEARTBEATS = Counter("expert_heartbeats_total", "Heartbeats to gateways, by outcome.", ["outcome"])
