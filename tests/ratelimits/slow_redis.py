"""A proxy before a Redis of the tests' own that holds back every answer for a while."""

import socket
import threading
import time
from contextlib import contextmanager, suppress


class SlowRedis:
    """`delay` is in seconds, and may change while connections are open."""

    def __init__(self, redis_server):
        self.behind = redis_server.url.removeprefix("unix://")
        self.delay = 0.0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.socket.getsockname()[1]}/0"
        self.open = [self.socket]

    def accept(self):
        with suppress(OSError):
            while True:
                client = self.socket.accept()[0]
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.behind)
                self.open += [client, server]
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                begin(self.carry, client, server)
                begin(self.carry, server, client)

    def carry(self, source, target):
        is_answer = source.family == socket.AF_UNIX
        with suppress(OSError):
            while data := source.recv(65536):
                time.sleep(self.delay if is_answer else 0)
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def begin(work, *args):
    threading.Thread(target=work, args=args, daemon=True).start()


@contextmanager
def slow(redis_server):
    """The proxy, for as long as it is needed."""
    proxy = SlowRedis(redis_server)
    begin(proxy.accept)
    try:
        yield proxy
    finally:
        for each in proxy.open:
            # Whoever waits in another thread wakes up by the shutdown only.
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
