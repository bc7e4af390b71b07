"""A relay as a command in the sandbox could write one: `relay.py HERE THERE` on its loopback."""

import socket
import sys
import threading

here, there = map(int, sys.argv[1:])
listener = socket.create_server(("127.0.0.1", here))


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


while True:
    one, _ = listener.accept()
    two = socket.create_connection(("127.0.0.1", there))
    for pair in ((one, two), (two, one)):
        threading.Thread(target=copy, args=pair, daemon=True).start()
