"""The client's reader finds a message whose event was consumed by a send."""

import asyncio
from queue import Empty

import pytest

from paperlens.site.run import kernel


class Socket:
    """A message lies there from the start, but no event tells of it: only a new look finds it."""

    def __init__(self, looks_in_vain):
        self.looks_in_vain = looks_in_vain

    async def poll(self, milliseconds):
        await asyncio.sleep(milliseconds / 1000)
        self.looks_in_vain -= 1
        return self.looks_in_vain < 0


class Channel(kernel.WakefulChannel):
    def __init__(self, socket):
        self.socket = socket

    async def _recv(self):
        return {"content": "reply"}


@pytest.mark.parametrize("timeout", [None, 300.0])
def test_a_lost_event_costs_one_look(timeout, monkeypatch):
    monkeypatch.setattr(kernel, "LOOK", 0.01)
    got = asyncio.run(asyncio.wait_for(Channel(Socket(2)).get_msg(timeout), 5))
    assert got == {"content": "reply"}


@pytest.mark.parametrize("timeout", [0.0, 0.035])
def test_it_waits_no_longer_than_told(timeout, monkeypatch):
    monkeypatch.setattr(kernel, "LOOK", 0.01)
    with pytest.raises(Empty):
        asyncio.run(asyncio.wait_for(Channel(Socket(10**6)).get_msg(timeout), 5))


def test_the_manager_makes_such_a_client():
    client = kernel.WakefulManager().client()
    assert client.shell_channel_class is kernel.WakefulChannel
