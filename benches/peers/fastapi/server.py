"""A route of FastAPI that verifies an access token with PyJWT, as both document it. Prints where it listens.

python server.py ISSUER AUDIENCE JWK_SET
"""

import json
import socket
import sys
from typing import Annotated

import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

issuer, audience, keys = sys.argv[1:]
jwks = jwt.PyJWKSet.from_json(keys)
app = FastAPI()
bearer = HTTPBearer()


def token(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> dict:
    text = credentials.credentials
    try:
        header = jwt.get_unverified_header(text)
        if header.get("typ") != "at+jwt":
            raise jwt.InvalidTokenError("typ")
        key = jwks[header["kid"]]
        return jwt.decode(text, key, algorithms=["ES256"], issuer=issuer, audience=audience)
    except (jwt.InvalidTokenError, KeyError) as error:
        raise HTTPException(401, "invalid token") from error


@app.get("/orders")
async def orders(claims: Annotated[dict, Depends(token)]):
    return {"subject": claims["sub"]}


@app.get("/open")
async def open_route():
    return {"subject": "nobody"}


listener = socket.create_server(("127.0.0.1", 0))
print(json.dumps({"listen": "127.0.0.1:%d" % listener.getsockname()[1]}), flush=True)
config = uvicorn.Config(app, log_level="warning", access_log=False)
uvicorn.Server(config).run(sockets=[listener])
