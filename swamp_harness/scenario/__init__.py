"""Floor 3: the World of one scenario: its actors by name, the comparison, the evidence."""
