"""From counts to number embeddings, and pretrained embeddings from files."""
