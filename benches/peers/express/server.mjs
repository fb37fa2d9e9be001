// A route of Express that verifies an access token with `jose`, as both document it. Prints where it listens.
//
// node server.mjs ISSUER AUDIENCE JWK_SET

import express from "express";
import { createLocalJWKSet, jwtVerify } from "jose";

const [issuer, audience, keys] = process.argv.slice(2);
const jwks = createLocalJWKSet(JSON.parse(keys));
const app = express();
app.disable("x-powered-by");
app.set("etag", false);

app.get("/orders", async (request, response) => {
  const [scheme, token] = (request.headers.authorization ?? "").split(" ");
  if (scheme !== "Bearer" || token === undefined) {
    return response.status(401).json({ error: "missing_token" });
  }
  try {
    const { payload } = await jwtVerify(token, jwks, { issuer, audience, typ: "at+jwt", algorithms: ["ES256"] });
    response.json({ subject: payload.sub });
  } catch (error) {
    response.status(401).json({ error: error.code });
  }
});
app.get("/open", (_, response) => response.json({ subject: "nobody" }));

const server = app.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ listen: `127.0.0.1:${server.address().port}` }));
});
