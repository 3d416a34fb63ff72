"""From a table to figures and a page."""
