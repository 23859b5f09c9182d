"""The learner's process after the fork: a session, and answers over one socket until the judge hangs up."""

import socket

import msgspec

from autograders.learner import demonstrations, sharing
from autograders.learner.answering import Answerer
from autograders.learner.messages import Choose, Connection, Request, Run
from autograders.learner.session import Session


def serve(stream: socket.socket) -> None:
    """Answer numbered requests in order; ends when the judge closes the socket."""
    connection, session = Connection(stream), Session()
    sharing.share(connection)
    answerer = Answerer(session.namespace, alarms=True, stopped=session.stopped)
    while True:
        try:
            numbered = connection.receive()
        except EOFError:
            return
        request = msgspec.msgpack.decode(numbered.body, type=Request)
        match request:
            case Choose():
                reply = demonstrations.needed(request, session.as_python)
            case Run():
                reply = session.run(request.cell, request.seconds)
            case _:
                reply = answerer.answer(request)
        connection.send(numbered.number, msgspec.msgpack.encode(reply))
