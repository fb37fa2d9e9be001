"""A web application that signs people in."""

import os
import secrets
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlparse
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import request_uri

import jwt
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

ISSUER, CLIENT_ID, CLIENT_SECRET, PORT = (os.environ[name] for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "PORT"))
METADATA = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=10).json()
KEYS = jwt.PyJWKClient(METADATA["jwks_uri"])
if ISSUER.startswith("http://localhost:"):
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # Plain HTTP is for this machine.
sessions = {}  # In your application: a store, with an expiry.


def client():
    return OAuth2Session(
        CLIENT_ID, CLIENT_SECRET, token_endpoint_auth_method="client_secret_basic", scope="openid profile",
        redirect_uri=f"http://localhost:{PORT}/callback", code_challenge_method="S256",
    )


def sign_in(session):
    """What the answer must fit is kept in this browser's session: nobody else's answer does."""
    session["verifier"], session["nonce"] = generate_token(48), generate_token(22)
    url, session["state"] = client().create_authorization_url(
        METADATA["authorization_endpoint"], code_verifier=session["verifier"], nonce=session["nonce"]
    )
    return url


def signed_in(session, url):
    """Checks `iss`, `state`, the ID token and its `nonce`, or raises."""
    if parse_qs(urlparse(url).query).get("iss") != [ISSUER]:
        raise ValueError("an answer of another server")
    app = client()
    tokens = app.fetch_token(
        METADATA["token_endpoint"], authorization_response=url, state=session["state"],
        code_verifier=session["verifier"],
    )
    key = KEYS.get_signing_key_from_jwt(tokens["id_token"]).key
    claims = jwt.decode(tokens["id_token"], key, algorithms=["RS256"], audience=CLIENT_ID, issuer=ISSUER)
    if claims["nonce"] != session["nonce"]:
        raise ValueError("an ID token of another request")
    return {"user": app.get(METADATA["userinfo_endpoint"]).json(), "tokens": tokens}


def application(environ, start_response):
    cookie = SimpleCookie(environ.get("HTTP_COOKIE", "")).get("app")
    old = cookie.value if cookie else ""
    session = sessions.get(old, {})

    def go(location, kept):
        # Another id with each step: one that was planted is worth nothing.
        new = secrets.token_urlsafe(32)
        sessions.pop(old, None)
        sessions[new] = kept
        headers = [("Location", location), ("Set-Cookie", f"app={new}; Path=/; HttpOnly; SameSite=Lax")]
        start_response("303 See Other", headers)
        return []

    try:
        if environ["PATH_INFO"] == "/sign-in":
            return go(sign_in(session), session)
        if environ["PATH_INFO"] == "/callback":
            return go("/", signed_in(session, request_uri(environ)))
    except Exception as error:  # Whatever is wrong with an answer: nobody is signed in.
        start_response("400 Bad Request", [("Content-Type", "text/plain")])
        return [f"not signed in: {type(error).__name__}".encode()]
    if "user" not in session:
        return go("/sign-in", session)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"hello {session['user']['preferred_username']}".encode()]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        """An address with a code in it belongs in no log."""


make_server("127.0.0.1", int(PORT), application, handler_class=Quiet).serve_forever()
