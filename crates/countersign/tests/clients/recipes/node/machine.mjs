// A program that acts for itself.
import * as client from "openid-client";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, SCOPE, RESOURCE } = process.env;
// Plain HTTP is for this machine: leave `execute` out where the issuer is `https`.
const config = await client.discovery(
  new URL(ISSUER), CLIENT_ID, undefined, client.ClientSecretBasic(CLIENT_SECRET),
  { execute: [client.allowInsecureRequests] },
);
let token;

// One token for all requests until it is nearly over; there is no refresh token, the next one is asked for.
async function accessToken() {
  if (!token || token.expiresIn() < 30) {
    token = await client.clientCredentialsGrant(config, { scope: SCOPE, ...(RESOURCE && { resource: RESOURCE }) });
  }
  return token.access_token;
}

const first = await accessToken();
console.log(`granted: ${token.scope}, for ${token.expiresIn()} s, ${first === await accessToken() ? "kept" : "lost"}`);
