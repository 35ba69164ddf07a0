"""A name server for everything outside the cluster that knows no name: NXDOMAIN, as a real one answers for names that do not exist.

Runs inside the sandbox; without it CoreDNS, which has nobody to ask, refuses such names.
"""

import socket

NXDOMAIN = 3

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("10.55.0.10", 5354))
while True:
    query, client = server.recvfrom(4096)
    end = 12
    while query[end]:
        end += query[end] + 1
    question = query[12 : end + 5]
    # response, recursion desired and available; one question, no records
    server.sendto(query[:2] + bytes([0x81, 0x80 | NXDOMAIN]) + b"\0\1\0\0\0\0\0\0" + question, client)
