"""From text to token ids: readers, tokenizers, vocabulary, encoded corpora, perturbations."""
