"""What every service shares: wire schemas, errors, the subvideo store, the video codec, settings, logging."""
