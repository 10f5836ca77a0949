"""Programs that measure what docs/performance.md quotes."""
