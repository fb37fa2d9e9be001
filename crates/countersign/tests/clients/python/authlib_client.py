"""Authlib and PyJWT against a running server. Run by main.rs, which registers the clients."""

import os
from urllib.parse import parse_qs, urlparse

import jwt
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from browser import ISSUER, LOGIN, browse

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
CALLBACK = "https://app.example.com/callback"
METADATA = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=10).json()
KEYS = jwt.PyJWKClient(METADATA["jwks_uri"])


def session(client_id, secret=None, method="none"):
    made = OAuth2Session(
        client_id, secret, token_endpoint_auth_method=method, redirect_uri=CALLBACK, code_challenge_method="S256",
        revocation_endpoint_auth_method=method if isinstance(method, str) else None,
    )
    return made


def sign_in(client, scope):
    verifier, nonce = generate_token(48), generate_token(16)
    client.scope = scope
    url, state = client.create_authorization_url(
        METADATA["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    answer = browse(url, CALLBACK)
    told = parse_qs(urlparse(answer).query)
    assert told["iss"] == [ISSUER], told
    token = client.fetch_token(
        METADATA["token_endpoint"], authorization_response=answer, state=state, code_verifier=verifier
    )
    claims = jwt.decode(
        token["id_token"], KEYS.get_signing_key_from_jwt(token["id_token"]).key, algorithms=["RS256"],
        audience=client.client_id, issuer=ISSUER, options={"require": ["exp", "iat", "sub", "nonce", "auth_time"]},
    )
    assert claims["nonce"] == nonce
    return token, claims


def refused(run, error):
    try:
        run()
    except OAuthError as found:
        assert found.error == error, found
    else:
        raise AssertionError(f"not refused with {error}")


def refresh(client, token):
    return client.refresh_token(METADATA["token_endpoint"], refresh_token=token)


def check_public():
    client = session("spa")
    token, claims = sign_in(client, "openid profile")
    access = jwt.decode(
        token["access_token"], KEYS.get_signing_key_from_jwt(token["access_token"]).key, algorithms=["ES256"],
        audience=ISSUER, issuer=ISSUER,
    )
    assert access["sub"] == claims["sub"] and access["client_id"] == "spa"
    user = client.get(METADATA["userinfo_endpoint"]).json()
    assert user == {"sub": claims["sub"], "preferred_username": LOGIN}, user
    first = token["refresh_token"]
    second = refresh(client, first)["refresh_token"]
    assert second != first
    refresh(client, second)
    refused(lambda: refresh(client, first), "invalid_grant")


def check_confidential(client):
    token, _ = sign_in(client, "openid offline_access")
    client.introspect_token(METADATA["introspection_endpoint"], token=token["access_token"])
    told = client.introspect_token(METADATA["introspection_endpoint"], token=token["access_token"]).json()
    assert told["active"] is True and told["client_id"] == client.client_id, told
    assert client.revoke_token(METADATA["revocation_endpoint"], token=token["refresh_token"]).status_code == 200
    told = client.introspect_token(METADATA["introspection_endpoint"], token=token["access_token"]).json()
    assert told == {"active": False}, told
    refused(lambda: refresh(client, token["refresh_token"]), "invalid_grant")


def check_machine():
    client = session("machine", os.environ["SECRET_MACHINE"], "client_secret_basic")
    token = client.fetch_token(METADATA["token_endpoint"], grant_type="client_credentials", scope="feed:read")
    assert token["scope"] == "feed:read", token


def with_key():
    with open(os.environ["KEY_FILE"], encoding="ascii") as file:
        client = session("web-key", file.read(), "private_key_jwt")
    # Before Authlib 1.7 the audience is the endpoint unless it is told; here it is the issuer alone.
    client.register_client_auth_method(PrivateKeyJWT(ISSUER, alg="ES256"))
    client.token_endpoint_auth_method = "private_key_jwt"
    return client


check_public()
check_confidential(session("web-basic", os.environ["SECRET_BASIC"], "client_secret_basic"))
check_confidential(session("web-post", os.environ["SECRET_POST"], "client_secret_post"))
token, _ = sign_in(with_key(), "openid")
assert token["token_type"] == "Bearer"
check_machine()
print("all checks of Authlib and PyJWT passed")
