// Chromium on the page of the recipe: run by recipes.rs in a folder with the page and its packages.
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import http from "node:http";
import { extname, join, normalize } from "node:path";

const { ISSUER, CLIENT_ID, PORT, LOGIN, PASSWORD, PROFILE } = process.env;
await writeFile("settings.js", `export const ISSUER = ${JSON.stringify(ISSUER)}, CLIENT_ID = "${CLIENT_ID}";\n`);
const types = { ".html": "text/html", ".js": "text/javascript" };
const page = http.createServer(async (request, response) => {
  const { pathname } = new URL(request.url, ISSUER);
  const file = join(".", normalize(pathname === "/" ? "/index.html" : pathname));
  try {
    response.setHeader("content-type", types[extname(file)] ?? "text/plain");
    response.end(await readFile(file));
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((listening) => page.listen(PORT, "127.0.0.1", listening));

// As root, in a container, without a screen; commands go through a pipe, each ended by a zero byte.
const flags = ["--no-sandbox", "--disable-dev-shm-usage", "--headless=new", "--disable-gpu", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe", `--user-data-dir=${PROFILE}`];
const browser = spawn("chromium", flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
const waiting = new Map();
let [commands, unread] = [0, ""];
browser.stdio[4].setEncoding("utf8").on("data", (text) => {
  const messages = (unread + text).split("\0");
  unread = messages.pop();
  for (const message of messages.map((text) => JSON.parse(text))) {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  }
});

async function call(method, params, sessionId) {
  const id = (commands += 1);
  const answered = new Promise((answer) => waiting.set(id, answer));
  browser.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
  const { result, error } = await answered;
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}

const { targetId } = await call("Target.createTarget", { url: `http://localhost:${PORT}/` });
const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });

// Through navigations too: where a page is gone there is no answer, and the next one is asked.
async function until(expression) {
  for (let times = 0; times < 1_500; times += 1) {
    const asked = call("Runtime.evaluate", { expression, returnByValue: true }, sessionId);
    const value = await asked.then(({ result }) => result.value, () => undefined);
    if (value) return value;
    await new Promise((later) => setTimeout(later, 20));
  }
  const shown = await call("Runtime.evaluate", { expression: "document.body.innerText" }, sessionId);
  throw new Error(`never came true: ${expression}; the page: ${shown.result.value}`);
}

const typed = (name, text) => `document.querySelector("input[name=${name}]").value = ${JSON.stringify(text)}`;
await until('document.querySelector("input[type=password]") !== null');
await until(`(${typed("login", LOGIN)}, ${typed("password", PASSWORD)},
  document.querySelector("form[action$='/sign-in'] button").click(), true)`);
await until('document.querySelector("button[value=allow]") !== null');
await until('(document.querySelector("button[value=allow]").click(), true)');
const said = await until('document.querySelector("output")?.textContent');
const address = await until("location.href");
browser.kill();
page.close();
if (said !== `hello ${LOGIN}`) throw new Error(said);
if (address !== `http://localhost:${PORT}/`) throw new Error(`left in the address: ${address}`);
console.log(`signed in on a page at http://localhost:${PORT}: ${said}`);
process.exit(0);
