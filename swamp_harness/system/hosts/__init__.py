"""Machines other than this one: over SSH, in network namespaces, with mirrors of their files."""
