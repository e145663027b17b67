"""The files that an analyst downloads, as they are published: recognised, checked, and kept in columns."""
