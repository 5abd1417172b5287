# SPDX-License-Identifier: Apache-2.0
"""The web application of many container tutorials: a greeting, the host's name, and a count of visits."""

import os
import socket

from flask import Flask
from markupsafe import escape

app = Flask(__name__)
visits = 0


@app.route("/")
def hello():
    global visits
    visits += 1
    name = escape(os.environ.get("NAME", "world"))
    host = escape(socket.gethostname())
    return f"<h3>Hello {name}!</h3><b>Hostname:</b> {host}<br/><b>Visits:</b> {visits}\n"


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", "80")))
