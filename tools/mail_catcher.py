"""An SMTP server that keeps each mail as a file: `python -m tools.mail_catcher FOLDER` prints its port."""

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP


class Keep:
    """Writes each message to FOLDER/<time>-<number>.eml."""

    def __init__(self, folder):
        self._folder = folder
        self._count = 0

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 (the name aiosmtpd calls)
        self._count += 1
        path = self._folder / f"{datetime.now():%Y%m%d-%H%M%S}-{self._count:04}.eml"
        building = path.with_suffix(".part")
        building.write_bytes(envelope.content)
        building.rename(path)
        return "250 kept"


async def serve(folder):
    parent = os.getppid()
    loop = asyncio.get_running_loop()
    handler = Keep(folder)
    server = await loop.create_server(lambda: SMTP(handler, enable_SMTPUTF8=True), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Killed or not, nobody needs the catcher once the one who started it is gone.
    while os.getppid() == parent:
        await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
