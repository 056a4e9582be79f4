"""Words by language."""
