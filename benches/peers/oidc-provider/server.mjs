// oidc-provider as its documentation sets it up, over a Map, with ES256 access tokens like ours. Prints where it listens,
// and the first refresh token of each session that the bench asks for.
//
// node server.mjs SESSIONS

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const RESOURCE = "https://orders.example.com";
const sessions = Number(process.argv[2]);
const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
const resourceServer = {
  scope: "orders:read",
  audience: RESOURCE,
  accessTokenFormat: "jwt",
  accessTokenTTL: 600,
  jwt: { sign: { alg: "ES256" } },
};
// Only tokens that it stores can be introspected.
const OPAQUE = "https://opaque.example.com";
const opaqueResourceServer = { ...resourceServer, audience: OPAQUE, accessTokenFormat: "opaque", jwt: undefined };

// The adapter that comes with it forgets all but the last thousand rows, live sessions among them.
class Memory {
  static rows = new Map();

  constructor(model) {
    this.key = (id) => `${model}:${id}`;
  }

  async upsert(id, payload) {
    Memory.rows.set(this.key(id), payload);
  }

  async find(id) {
    return Memory.rows.get(this.key(id));
  }

  async consume(id) {
    Memory.rows.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    Memory.rows.delete(this.key(id));
  }

  async findByUid() {}

  async findByUserCode() {}

  async revokeByGrantId() {}
}

const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const { port } = server.address();

const provider = new Provider(`http://localhost:${port}`, {
  adapter: Memory,
  jwks: { keys: [{ ...key, use: "sig", alg: "ES256", kid: "bench" }] },
  clients: [
    {
      client_id: "machine",
      client_secret: "a-secret-that-is-long-enough-for-anybody",
      token_endpoint_auth_method: "client_secret_post",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      scope: "orders:read",
    },
    {
      client_id: "app",
      token_endpoint_auth_method: "none",
      application_type: "native",
      redirect_uris: ["http://127.0.0.1/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      scope: "openid offline_access orders:read",
    },
  ],
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  scopes: ["openid", "offline_access", "orders:read"],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, indicator) => (indicator === OPAQUE ? opaqueResourceServer : resourceServer),
    },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  rotateRefreshToken: true,
});
server.on("request", provider.callback());

const client = await provider.Client.find("app");
const tokens = [];
for (let session = 0; session < sessions; session += 1) {
  const accountId = randomUUID();
  const grant = new provider.Grant({ accountId, clientId: "app" });
  grant.addOIDCScope("openid offline_access");
  grant.addResourceScope(RESOURCE, "orders:read");
  const grantId = await grant.save();
  const token = new provider.RefreshToken({
    accountId,
    client,
    grantId,
    gty: "authorization_code",
    iiat: Math.floor(Date.now() / 1000),
    resource: RESOURCE,
    scope: "offline_access orders:read",
  });
  tokens.push(await token.save());
}
console.log(JSON.stringify({ listen: `127.0.0.1:${port}`, tokens }));
