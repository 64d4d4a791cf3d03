"""`exeunt verify`: a downloaded archive against its manifest, or what the installation holds against its records."""

from pathlib import Path

import click

from exeunt.cli.local import open_local
from exeunt.cli.output import emit, json_option
from exeunt.errors import Damaged, InvalidInput


@click.command("verify")
@click.argument("archives", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--blobs", is_flag=True, help="Re-read every file body the installation holds, and archives found damaged."
)
@click.option("--lake", is_flag=True, help="Re-read every Parquet file of the lake.")
@json_option
def verify(archives: tuple[Path, ...], blobs: bool, lake: bool, as_json: bool) -> None:
    """Check ARCHIVES member by member: names, sizes, SHA-256, nothing missing, nothing more."""
    from exeunt.archives.verify import verify_archive

    if not (archives or blobs or lake):
        raise InvalidInput("name an archive, or say --blobs or --lake")
    checked, wrong = 0, []
    for path in archives:
        result = verify_archive(path)
        checked += result.checked
        wrong += [f"{path}: {problem}" for problem in result.problems]
    if blobs or lake:
        more, problems = _installation(blobs, lake)
        checked, wrong = checked + more, wrong + problems
    emit(as_json, {"checked": checked, "problems": wrong}, [*wrong, f"{checked} checked, {len(wrong)} wrong"])
    if wrong:
        raise Damaged(f"{len(wrong)} of {checked} are not what they should be")


def _installation(blobs: bool, lake: bool) -> tuple[int, list[str]]:
    from exeunt.exports.digests import check, damaged_archives
    from exeunt.lake.segments import verify_segment

    installation = open_local()
    checked, wrong = 0, []
    for workspace in installation.catalog.workspaces():
        if blobs:
            for key, problem in installation.blobs.scrub(workspace.id):
                checked += 1
                if problem:
                    wrong.append(f"{key}: {problem}")
            for archive in damaged_archives(installation, workspace.id):
                checked += 1
                problem = check(installation, archive)
                if problem:
                    wrong.append(f"archive {archive.name} of export {archive.export_id}: {problem}")
        if lake:
            for segment in installation.catalog.all_segments(workspace.id):
                checked += 1
                problem = verify_segment(installation.lake, segment)
                if problem:
                    wrong.append(problem)
    return checked, wrong
