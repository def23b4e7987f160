"""Published extensions: an archive with a manifest, models and files."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml


@dataclass(frozen=True)
class Publication:
    """One version of an extension.

    Attributes:
        name: for example "@uat/shipped".
        version: for example "2026.01.01.1".
        models: the text of each model, by file name.
        helpers: the modules that the models import, by file name.
        files: the additional files that the steps read, by path.
    """

    name: str
    version: str
    models: Mapping[str, str]
    helpers: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def archive(self) -> bytes:
        """The archive of the extension: the same bytes for the same content."""
        manifest = {
            "manifestVersion": 1,
            "name": self.name,
            "version": self.version,
            "models": sorted(self.models),
            "include": sorted(self.helpers),
            "additionalFiles": sorted(self.files),
        }
        entries = {"manifest.yaml": yaml.safe_dump(manifest, sort_keys=False).encode()}
        entries |= {f"models/{name}": text.encode() for name, text in {**self.models, **self.helpers}.items()}
        entries |= {f"files/{path}": content for path, content in self.files.items()}
        buffer = io.BytesIO()
        with (
            gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
        ):
            for path, content in entries.items():
                entry = tarfile.TarInfo(f"extension/{path}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return buffer.getvalue()
