"""The commands below `kdh records`."""

from __future__ import annotations

import argparse

from kdh_desktop.commands.parser import EPILOG, Commands
from kdh_desktop.commands.records.copying import add_copying
from kdh_desktop.commands.records.deciding import add_deciding
from kdh_desktop.commands.records.keeping import add_keeping
from kdh_desktop.commands.records.looking import add_looking
from kdh_desktop.commands.records.merging import add_merging
from kdh_desktop.commands.records.saving import add_saving
from kdh_desktop.commands.records.taking_in import add_taking_in
from kdh_desktop.commands.records.undoing import add_undoing

_DESCRIPTION = """\
Work with the records that the window keeps: the same store, the same model, the same values.
They lie encrypted in your data folder, and one program at a time can have them open.
"""


def add_records(commands: Commands) -> None:
    """Add the command."""
    records = commands.add_parser(
        "records",
        help="take in, find, classify, review and save stored records",
        description=_DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    group = records.add_subparsers(required=True, metavar="COMMAND")
    for add_commands in (
        *(add_taking_in, add_merging, add_looking, add_deciding, add_undoing),
        *(add_saving, add_copying, add_keeping),
    ):
        add_commands(group)
