// The page around session.js: which buttons there are, and what is said.
import { Session, SessionEnded } from "./session.js";

const delivery = new URLSearchParams(location.search).get("delivery") ?? "cookie";
const session = new Session({ delivery });
const [form, account, status] = ["sign-in", "account", "status"].map((id) => document.getElementById(id));

function show() {
    form.hidden = session.signedIn;
    account.hidden = !session.signedIn;
}

/** Does what a button is for, and says how it went. */
async function act(work) {
    status.value = "…";
    try {
        status.value = await work();
    } catch (error) {
        status.value = error instanceof SessionEnded ? error.message : `not done: ${error.message}`;
    }
}

async function signUp(account) {
    const headers = { "content-type": "application/json" };
    const response = await fetch("/api/v1/accounts", { method: "POST", headers, body: JSON.stringify(account) });
    if (!response.ok) throw new Error((await response.json()).title);
}

form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form));
    act(async () => {
        if (event.submitter.value === "sign-up") await signUp(given);
        await session.signIn(given.login, given.password);
        return "signed in";
    });
});

document.getElementById("me").addEventListener("click", () => act(async () => {
    const response = await session.fetch("/api/v1/me");
    const { login, title } = await response.json();
    return response.ok ? `you are ${login}` : `not done: ${title}`;
}));

document.getElementById("sign-out").addEventListener("click", () => act(async () => {
    await session.signOut();
    return "signed out";
}));

session.addEventListener("change", show);
show();
