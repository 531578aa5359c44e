"""`python -m server` is `orderloom run`, without loading what only its children need."""

import sys

from server.children import say
from server.settings import Settings, SettingsError
from server.supervisor import run

if __name__ == "__main__":
    try:
        sys.exit(run(Settings.load()))
    except SettingsError as error:
        say(str(error))
        sys.exit(1)
