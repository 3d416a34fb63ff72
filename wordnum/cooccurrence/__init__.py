"""From token ids to counts of what stands near the numbers."""
