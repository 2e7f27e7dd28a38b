"""Facts about characters; where they come from is told in README.md."""
