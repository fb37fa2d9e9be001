"""An app on somebody's device: it opens their browser and waits for the answer on this machine (RFC 8252)."""

import os
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlparse

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

ISSUER, CLIENT_ID = os.environ["ISSUER"], os.environ["CLIENT_ID"]
METADATA = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=10).json()
if ISSUER.startswith("http://localhost:"):
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # Plain HTTP is for this machine.


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.answer = self.path
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"You may close this window.")

    def log_message(self, *_):
        """An address with a code in it belongs in no log."""


def sign_in():
    server = HTTPServer(("127.0.0.1", 0), Answer)  # Whatever port is free; the path is the registered one.
    server.answer, server.timeout = "", 300
    here = f"http://127.0.0.1:{server.server_port}"
    client = OAuth2Session(
        CLIENT_ID, token_endpoint_auth_method="none", scope="openid profile offline_access",
        redirect_uri=f"{here}/callback", code_challenge_method="S256",
    )
    verifier = generate_token(48)
    url, state = client.create_authorization_url(METADATA["authorization_endpoint"], code_verifier=verifier)
    webbrowser.open(url)
    while not server.answer.startswith("/callback?"):  # Browsers ask for an icon too.
        server.handle_request()
    if parse_qs(urlparse(server.answer).query).get("iss") != [ISSUER]:
        raise SystemExit("an answer of another server")
    client.fetch_token(
        METADATA["token_endpoint"], authorization_response=here + server.answer, state=state, code_verifier=verifier
    )
    return client


client = sign_in()
print("hello", client.get(METADATA["userinfo_endpoint"]).json()["preferred_username"], flush=True)
