"""From an embedding to measures: spectrum, separability, probes, verdict."""
