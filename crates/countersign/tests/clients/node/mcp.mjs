// The MCP TypeScript SDK against the example server and a running issuer. Run by mcp.rs, which starts both.
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { decodeJwt } from "jose";
import { Browser } from "./browser.mjs";

const { ISSUER, LOGIN, PASSWORD, CLIENT_ID, DOCUMENT_URL, MCP_URL, MCP_BRIEF_URL } = process.env;
const CALLBACK = "https://app.example.com/callback";
const person = new Browser();
const checks = [];

async function check(what, run) {
  await run();
  checks.push(what);
  console.log(`ok ${what}`);
}

// What an application keeps for the SDK: its own id, tokens, and where its user was to be sent.
class Agent {
  redirectUrl = CALLBACK;
  clientMetadata = { client_name: "Agent", redirect_uris: [CALLBACK], token_endpoint_auth_method: "none" };
  state = () => "state";
  clientInformation = () => this.client;
  saveClientInformation = (client) => { this.client = client; };
  saveTokens = (tokens) => { this.saved = tokens; this.wantsMore = false; };
  redirectToAuthorization = (url) => { this.sentTo = url; };
  saveCodeVerifier = (verifier) => { this.verifier = verifier; };
  codeVerifier = () => this.verifier;
  invalidateCredentials = (what) => { if (what !== "client") this.saved = undefined; };

  // Registered before, or described by a document, or neither: then it registers itself.
  constructor({ client, document }) {
    this.client = client;
    this.clientMetadataUrl = document;
  }

  // A refresh never gives more than was granted, and the SDK asks its user only where there is nothing to refresh with.
  tokens = () => (this.wantsMore ? { ...this.saved, refresh_token: undefined } : this.saved);

  fetch = async (url, init) => {
    const answer = await fetch(url, init);
    if (answer.status === 403) this.wantsMore = true;
    return answer;
  };

  transport(url) {
    return new StreamableHTTPClientTransport(new URL(url), { authProvider: this, fetch: this.fetch });
  }

  // The person signs in, unless this browser knows them, and agrees, unless they have.
  async asksItsUser(transport) {
    let shown = await person.open(this.sentTo, CALLBACK);
    if (shown.page?.includes('type="password"')) {
      shown = await person.submit(shown, CALLBACK, { login: LOGIN, password: PASSWORD });
    }
    if (shown.page !== undefined) shown = await person.submit(shown, CALLBACK, {}, "allow");
    assert.equal(shown.url.searchParams.get("iss"), ISSUER);
    assert.equal(shown.url.searchParams.get("state"), "state");
    assert.ok(shown.url.searchParams.has("code"), shown.url.href);
    await transport.finishAuth(shown.url.searchParams.get("code"));
  }

  // From a URL and nothing else to a connection.
  async connect(url) {
    const first = this.transport(url);
    const client = () => new Client({ name: "agent", version: "1.0.0" });
    await assert.rejects(client().connect(first), UnauthorizedError);
    await this.asksItsUser(first);
    this.connection = client();
    this.way = this.transport(url);
    await this.connection.connect(this.way);
  }

  async call(name, args = {}) {
    const { content: [{ text }] } = await this.connection.callTool({ name, arguments: args });
    return text;
  }
}

const agent = new Agent({ client: { client_id: CLIENT_ID } });

await check("from the URL alone to a tool: 401, both metadata documents, code + PKCE with resource", async () => {
  await agent.connect(MCP_URL);
  const asked = agent.sentTo.searchParams;
  assert.equal(agent.sentTo.origin, new URL(ISSUER).origin);
  assert.equal(asked.get("resource"), MCP_URL);
  assert.equal(asked.get("scope"), "notes:read");
  assert.equal(asked.get("code_challenge_method"), "S256");
  const { tools } = await agent.connection.listTools();
  assert.deepEqual(tools.map(({ name }) => name), ["whoami", "list_notes", "add_note"]);
  const claims = decodeJwt(agent.saved.access_token);
  assert.equal(claims.aud, MCP_URL);
  assert.equal(claims.client_id, CLIENT_ID);
  assert.equal(await agent.call("whoami"), claims.sub);
});

await check("an agent that nobody registered says what it is by a document: its id is a URL", async () => {
  const described = new Agent({ document: DOCUMENT_URL });
  await described.connect(MCP_URL);
  const claims = decodeJwt(described.saved.access_token);
  assert.equal(claims.client_id, DOCUMENT_URL);
  assert.equal(await described.call("whoami"), claims.sub);
  await described.connection.close();
});

await check("or registers itself", async () => {
  const stranger = new Agent({});
  await stranger.connect(MCP_URL);
  const { client_id, scope } = decodeJwt(stranger.saved.access_token);
  assert.equal(client_id, stranger.client.client_id);
  assert.notEqual(client_id, CLIENT_ID);
  assert.equal(scope, "notes:read");
  assert.equal(await stranger.call("list_notes"), "");
  await stranger.connection.close();
});

await check("a tool that needs more: 403, the person agrees to more, and it is called", async () => {
  await assert.rejects(agent.call("add_note", { text: "buy milk" }), UnauthorizedError);
  assert.equal(agent.sentTo.searchParams.get("scope"), "notes:read notes:write");
  await agent.asksItsUser(agent.way);
  assert.equal(await agent.call("add_note", { text: "buy milk" }), "Added");
  assert.equal(await agent.call("list_notes"), "buy milk");
});

await check("a token that is over is refreshed without anybody being asked", async () => {
  const brief = new Agent({ client: { client_id: CLIENT_ID } });
  await brief.connect(MCP_BRIEF_URL);
  const first = brief.saved;
  brief.sentTo = undefined;
  const { exp } = decodeJwt(first.access_token);
  while (Date.now() < (exp + 1) * 1000) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(await brief.call("list_notes"), "");
  assert.equal(brief.sentTo, undefined);
  assert.notEqual(brief.saved.refresh_token, first.refresh_token);
  assert.equal(decodeJwt(brief.saved.access_token).sid, decodeJwt(first.access_token).sid);
});

await check("a token for one server opens no other", async () => {
  const headers = { authorization: `Bearer ${agent.saved.access_token}` };
  const answer = await fetch(MCP_BRIEF_URL, { method: "POST", headers, body: "{}" });
  assert.equal(answer.status, 401);
  assert.match(answer.headers.get("www-authenticate"), /the token is for another audience/);
});

await check("the session is revoked: the very next call is refused, and so is the refresh", async () => {
  const post = async (path, body, headers) => {
    const init = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } };
    const answer = await fetch(`${ISSUER}${path}`, init);
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer.json();
  };
  const { access_token } = await post("/api/v1/sign-in", { login: LOGIN, password: PASSWORD });
  const { sid } = decodeJwt(agent.saved.access_token);
  const refused = agent.saved.access_token;
  // The answer comes when every verifier has it.
  const headers = { authorization: `Bearer ${access_token}`, prefer: "wait=30" };
  const { verifiers } = await post("/api/v1/admin/revocations", { kind: "session", id: sid }, headers);
  assert.deepEqual([verifiers.applied, verifiers.connected], [2, 2]);
  const answer = await fetch(MCP_URL, { method: "POST", headers: { authorization: `Bearer ${refused}` }, body: "{}" });
  assert.match(answer.headers.get("www-authenticate"), /the token was revoked/);
  agent.sentTo = undefined;
  await assert.rejects(agent.call("list_notes"), UnauthorizedError);
  assert.ok(agent.sentTo, "there was nothing to refresh");
});

await agent.connection.close();
console.log(`${checks.length} checks`);
