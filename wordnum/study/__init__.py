"""From a description of corpora, conditions and models to one tidy table."""
