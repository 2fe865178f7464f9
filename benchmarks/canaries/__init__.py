"""Plants 20 secrets in a whole copy of the product, uses them, and searches 12 sinks for 13 spellings."""
