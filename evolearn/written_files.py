"""Files that are written whole: a failure leaves the file that was there."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

# Access of a new file for everybody, as `open` gives it, less that which the umask takes.
NEW_FILE = 0o666


def write_whole(path: str | os.PathLike[str], content: str | bytes, subject: str) -> Path:
    """Write a file so that others see it whole.

    The content goes to a temporary file beside it, which then takes its name.

    Parameters
    ----------
    path : str or path
    content : str or bytes
    subject : str
        Start of the message of an error, such as ``"The report"``.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If the path is a folder, or its folder is missing.
    OSError
        If the file cannot be written.
    """
    place = Path(path)
    if place.is_dir():
        raise ValueError(f"{subject} cannot be written to {place}: it is a folder.")
    if not place.parent.is_dir():
        msg = f"{subject} cannot be written to {place}: there is no folder {place.parent}."
        raise ValueError(msg)
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            mask = os.umask(0)
            os.umask(mask)
            Path(name).chmod(place.stat().st_mode if place.exists() else NEW_FILE & ~mask)
            Path(name).replace(place)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(name).unlink()
            raise
    except OSError as error:
        msg = f"{subject} cannot be written to {place}: {error.strerror or error}."
        raise OSError(msg) from None
    return place
