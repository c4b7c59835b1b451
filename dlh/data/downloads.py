"""Where the course keeps data, and how it fetches it."""

import os
from pathlib import Path


def data_directory() -> Path:
    """The folder for data: the environment variable DLH_DATA, or else `dlh` in the user's cache folder.

    Returns
    -------
    Path : it need not exist
    """
    import pooch

    return Path(os.environ.get("DLH_DATA") or pooch.os_cache("dlh")).expanduser()
