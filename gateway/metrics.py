"""What the gateway counts and measures, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900)

VIDEOS_ACCEPTED = Counter("gateway_videos_accepted_total", "Videos accepted.")
VIDEOS_ENDED = Counter(
    "gateway_videos_ended_total", "Videos ended, by status and error code.", ["status", "code"]
)
VIDEO_SECONDS = Histogram("gateway_video_seconds", "From acceptance to completion.", buckets=_SECONDS)
STEP_SECONDS = Histogram(
    "gateway_step_seconds", "Steps of completed videos: queued, generate, merge.", ["step"], buckets=_SECONDS
)
PLAN_SECONDS = Histogram("gateway_plan_seconds", "Time in the gate.", ["backend"], buckets=_SECONDS)
SUBVIDEOS = Counter("gateway_subvideos_total", "Clips obtained, by how.", ["how"])
EXPERT_CALLS = Counter(
    "gateway_expert_calls_total", "Clips sent to experts, by outcome.", ["expert", "outcome"]
)
EXPERT_SECONDS = Histogram("gateway_expert_seconds", "From dispatch to the reference.", buckets=_SECONDS)
HEDGES = Counter("gateway_hedges_total", "Late clips started on a second node, by who was first.", ["won_by"])
WAITING_CLIPS = Gauge("gateway_waiting_clips", "Clips of this replica that wait for a place on an expert.")
WAITING_SECONDS = Histogram(
    "gateway_dispatch_wait_seconds", "Wait for a place on an expert.", buckets=_SECONDS
)
OPEN_VIDEOS = Gauge("gateway_open_videos", "Videos of the cluster that are accepted and not ended.")
EXPERTS_ALIVE = Gauge("gateway_experts_alive", "Registered experts with a recent heartbeat.")
STORE_BYTES = Gauge("gateway_store_bytes", "Memory that Redis uses.")
STORE_LIMIT_BYTES = Gauge("gateway_store_limit_bytes", "Memory at which Redis evicts subvideos; 0: no limit.")
STORE_EVICTIONS = Gauge("gateway_store_evictions", "Keys that Redis has evicted since it started.")
EXPERT_LOAD = Gauge(
    "gateway_expert_load", "Clips dispatched to a node, as a share of what it takes at once.", ["expert"]
)
EXPERT_HEARTBEAT_AGE = Gauge(
    "gateway_expert_heartbeat_age_seconds", "Since a node was last heard of.", ["expert"]
)
EXPERT_OPEN = Gauge("gateway_expert_circuit_open", "1 while a node is left alone after faults.", ["expert"])
WEBHOOKS = Counter("gateway_webhooks_total", "Webhook deliveries tried, by outcome.", ["outcome"])
