"""JSON Schemas of the YAML files that people edit; editors and `make check` use them."""
