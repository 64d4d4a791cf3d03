"""The top of a manifest for the layouts that are ours: what was asked, of what, when and by whom."""

from typing import Any

import msgspec

from exeunt.layouts.job import Job


def manifest_head(job: Job) -> dict[str, Any]:
    """The keys before the counts and the members; the same for every part."""
    return {
        "export_id": job.export_id,
        "layout": job.layout,
        "api": job.api,
        "requested_by": job.requested_by,
        "created_at": job.created_at,
        "workspaces": [
            {
                "id": v.workspace.id,
                "number": v.workspace.number,
                "name": v.workspace.name,
                "snapshot": v.snapshot.number,
            }
            for v in job.views
        ],
        "selection": msgspec.to_builtins(job.selection),
        "options": msgspec.to_builtins(job.options),
    }
