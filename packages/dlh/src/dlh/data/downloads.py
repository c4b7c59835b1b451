"""Where the course keeps data, and how it fetches it: resumed where it was cut short, verified, unpacked safely."""

import os
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

CHECKSUMS = "SHA256SUMS.txt"
RETRIES = 3
# What a connection that breaks off loses: the bytes of the chunk it was at.
CHUNK = 8192
TIMEOUT = 30


def data_directory() -> Path:
    """The folder for data: the environment variable DLH_DATA, or else `dlh` in the user's cache folder.

    Returns
    -------
    Path : it need not exist
    """
    import pooch

    return Path(os.environ.get("DLH_DATA") or pooch.os_cache("dlh")).expanduser()


def fetch(url: str, directory, known_hash: str) -> Path:
    """Fetch a file, unless it is there already and has the right hash.

    What has come is kept in a file `.part` until all is there, so an interrupted download goes on where it stopped:
    by itself after a short while, up to three times, and otherwise at the next call.

    Parameters
    ----------
    url : str, of http or https; the file keeps the last part of its path as name
    directory : str or Path, made where it is missing
    known_hash : str, as pooch writes them: "sha256:..." or "md5:..."

    Returns
    -------
    Path : the file

    Raises
    ------
    FileNotFoundError : the server does not have the file
    ConnectionError : it cannot be reached, or breaks off again and again
    ValueError : what came has another hash; nothing of it is kept
    """
    import pooch
    import requests

    name = PurePosixPath(url.partition("?")[0]).name
    directory = Path(directory)
    keeper = pooch.create(
        path=directory, base_url="", registry={name: known_hash}, urls={name: url}, retry_if_failed=RETRIES
    )
    try:
        return Path(keeper.fetch(name, downloader=_download))
    except requests.exceptions.RequestException as error:
        raise ConnectionError(
            f"{url} could not be fetched ({error}). Check the connection and run the same again: what has come so far "
            f"is kept in {directory}."
        ) from error
    except ValueError as error:
        raise ValueError(
            f"{url} is not the file that was expected, {RETRIES + 1} times over, and nothing of it was kept. "
            f"Try again later, or fetch it by hand. {error}"
        ) from error


def _download(url, output_file, keeper):
    """A downloader for pooch that goes on where an earlier one stopped; raises RequestException where it breaks off."""
    import requests
    from tqdm.auto import tqdm

    name = PurePosixPath(url.partition("?")[0]).name
    part = Path(keeper.abspath) / f"{name}.part"
    start = part.stat().st_size if part.exists() else 0
    # Compressed on the way, the bytes that have come would not be those of the file.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, stream=True, timeout=TIMEOUT, headers=headers) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            # There is nothing after what has come: it is the whole file, or a wrong one, as its hash will tell.
            part.replace(output_file)
            return
        if response.status_code in (403, 404, 410):
            raise FileNotFoundError(f"{url} is not there (HTTP status {response.status_code}).")
        response.raise_for_status()
        if not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            start = 0
        rest = response.headers.get("Content-Length")
        total = start + int(rest) if rest else None
        bar = tqdm(total=total, initial=start, unit="B", unit_scale=True, desc=name)
        with bar, part.open("ab" if start else "wb") as file:
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
    if total is not None and part.stat().st_size != total:
        raise requests.exceptions.ConnectionError(f"{part.stat().st_size} of {total} bytes came")
    part.replace(output_file)


def published_hash(url: str) -> str:
    """The hash of a file as the list beside it says: SHA256SUMS.txt, which PhysioNet has for each of its projects.

    Parameters
    ----------
    url : str, of the file

    Returns
    -------
    str : "sha256:...", for `fetch`

    Raises
    ------
    FileNotFoundError : the list is not there
    ConnectionError : it cannot be reached
    ValueError : the list does not name the file
    """
    import requests

    folder, _, name = url.partition("?")[0].rpartition("/")
    sums = f"{folder}/{CHECKSUMS}"
    try:
        response = requests.get(sums, timeout=TIMEOUT)
    except requests.exceptions.RequestException as error:
        raise ConnectionError(f"{sums} could not be fetched ({error}); check the connection and try again.") from error
    if not response.ok:
        raise FileNotFoundError(f"{sums} could not be fetched (HTTP status {response.status_code}).")
    for line in response.text.splitlines():
        digest, _, path = line.strip().partition(" ")
        if path.strip().lstrip("*").removeprefix("./") == name:
            return f"sha256:{digest.lower()}"
    raise ValueError(f"{sums} does not name {name}, so it cannot be verified.")


def unpack(archive, directory) -> list[Path]:
    """Unpack a zip archive into a folder; all of it, or nothing.

    Parameters
    ----------
    archive : str or Path
    directory : str or Path, made where it is missing

    Returns
    -------
    list of Path : what stands at the top of the archive, as it now stands in `directory`

    Raises
    ------
    ValueError : the archive is damaged, or a path in it leads out of the folder, or is a link
    FileExistsError : something of the same name is in the folder already
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=directory))
    try:
        with zipfile.ZipFile(archive) as packed:
            for member in packed.infolist():
                _check_member(member, archive)
            packed.extractall(unfinished)
        tops = sorted(unfinished.iterdir())
        for top in tops:
            if (directory / top.name).exists():
                raise FileExistsError(
                    f"{directory / top.name} is there already; take it away to unpack {Path(archive).name} anew."
                )
        for top in tops:
            top.replace(directory / top.name)
        return [directory / top.name for top in tops]
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise ValueError(f"{archive} is not a zip archive, or a damaged one ({error}); fetch it again.") from error
    finally:
        shutil.rmtree(unfinished)


def _check_member(member, archive):
    """Raise where unpacking a member could touch anything outside of the folder."""
    # On Windows a backslash parts a path as well, and so it must be looked at as both systems would.
    for path in (PurePosixPath(member.filename), PureWindowsPath(member.filename)):
        if path.anchor or ".." in path.parts:
            raise ValueError(f"{archive}: the path {member.filename!r} leads out of the folder; nothing was unpacked.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise ValueError(f"{archive}: {member.filename!r} is a link; nothing was unpacked.")
