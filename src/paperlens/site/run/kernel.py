"""A kernel whose client never sleeps through a reply.

nbclient answers a widget by sending on the shell socket from inside its loop, and jupyter_client sends past asyncio's
back (`zmq.Socket.shadow`). Where a reply has just arrived, that send consumes the one event that would have woken the
reader: kernel and client then both wait until the cell's time limit. So the reader looks again every half second.
"""

import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type

LOOK = 0.5  # seconds


class WakefulChannel(AsyncZMQSocketChannel):
    """Waits in short steps, as long in all as it is told to."""

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]
        """The next message; queue.Empty after `timeout` seconds."""
        end = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            try:
                return await super().get_msg(min(LOOK, max(left, 0)))
            except Empty:
                if left <= LOOK:
                    raise


class WakefulClient(AsyncKernelClient):
    """Its replies come on such a channel; on the other channels nothing is sent while one waits."""

    shell_channel_class = Type(WakefulChannel)


class WakefulManager(AsyncKernelManager):
    """For `NotebookClient(kernel_manager_class=...)`."""

    client_factory = Type(klass=AsyncKernelClient, default_value=WakefulClient, config=True)
