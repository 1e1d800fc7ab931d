"""Restores a backup into an empty installation.

Files and documents come first and the rows last, in one transaction: nobody sees a video before all of it is
there. Within that transaction every lease is given back, and what no row names is removed. RabbitMQ and Redis
need nothing: doorbells are rung anew from the outbox, and Redis fills itself. Knows all stores.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cluster.errors import ConflictError
from cluster.stores.backup import manifest as manifests
from cluster.stores.backup.documents import load_documents
from cluster.stores.backup.files import load_files, unload_files
from cluster.stores.backup.manifest import Manifest
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.inventory import Inventory
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.upkeep.schema import is_of_another_program, newest_version
from cluster.stores.postgres.upkeep.tables import in_use, leave_out, release_all, replaced


def restore(
    jobs: Jobs,
    inventory: Inventory,
    results: Results,
    media: MediaStore,
    folder: Path,
    tidy: Callable[[], object],
    step: Callable[[str], None],
) -> Manifest:
    """Restores the backup in `folder`; `tidy` is called within the transaction, when all rows are there.

    UsageError for a folder that is no backup, or a damaged one; ConflictError where the installation is in
    use, or the backup comes from a newer version. After any error the installation is as empty as before.
    """
    manifest = manifests.read(folder)
    if manifest.schema_version > newest_version():
        raise ConflictError(
            f"This backup was made by Scenestream {manifest.version}, with the schema "
            f"{manifest.schema_version}; this version knows {newest_version()}. Install that version or a "
            "newer one first.",
            code="newer_backup",
        )
    _require_empty(jobs, inventory, media)
    step("comparing the backup with its digests")
    manifests.verify(folder, manifest)
    try:
        step("media")
        load_files(media, folder)
        step("MongoDB")
        results.ensure_indexes()
        load_documents(inventory, folder)
        step("PostgreSQL")
        _load_rows(jobs, folder, manifest, tidy)
    except BaseException:
        inventory.clear()
        unload_files(media, folder)
        raise
    return manifest


def _load_rows(jobs: Jobs, folder: Path, manifest: Manifest, tidy: Callable[[], object]) -> None:
    columns = {name: table.columns for name, table in manifest.tables.items()}
    rows = {name: manifests.read_part(manifests.table_path(folder, name)) for name in manifest.tables}
    with replaced(jobs.database, manifest.schema_version, columns, rows):
        missing = manifest.missing
        leave_out(jobs.database, missing.videos, missing.timelines, missing.uploads)
        release_all(jobs.database)
        tidy()


def _require_empty(jobs: Jobs, inventory: Inventory, media: MediaStore) -> None:
    if is_of_another_program(jobs.database):
        raise ConflictError(
            "This database belongs to another program: it has tables that are named as Scenestream's, and "
            "Scenestream did not make them. Name another database in postgres_url.",
            code="not_empty",
        )
    what = None
    if in_use(jobs.database):
        what = "PostgreSQL has videos or uploads"
    elif not inventory.is_empty():
        what = "MongoDB has results"
    elif next((file for file in media.files() if not file.temporary), None) is not None:
        what = "the media store has files"
    if what is not None:
        raise ConflictError(
            f"This installation is in use: {what}. A backup is restored into an empty one only. Name other "
            "databases and another media store in the settings, or, if nothing here is wanted any more, drop "
            "the databases and delete the files.",
            code="not_empty",
        )
