import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { root } from "../../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser } from "../../../web/e2e/browser.ts";
import { startTestServer, type TestServer } from "./testing/server.ts";

const SCOPE = "openid fhirUser launch/patient offline_access patient/Observation.rs patient/Patient.rs";

let server: TestServer;
let pages: Server;
let appAddress: string;
let browser: Browser;

/** An application as its maker would write it: two pages and the SMART JavaScript library. */
function startApplication(): Promise<Server> {
  const library = readFileSync(join(root, "node_modules/fhirclient/build/fhir-client.min.js"));
  const html = (script: string) =>
    `<!doctype html><title>Application</title><pre id="result"></pre><script src="/library.js"></script><script>${script}</script>`;
  const launch = html(`
    const asked = new URLSearchParams(location.search);
    FHIR.oauth2.authorize({ clientId: asked.get("client"), iss: asked.get("iss"), scope: ${JSON.stringify(SCOPE)}, redirectUri: "/app", pkceMode: "required" })
      .catch((error) => { document.getElementById("result").textContent = "failed: " + error.message; });`);
  const app = html(`
    FHIR.oauth2.ready().then(async (client) => {
      const patient = await client.patient.read();
      const bundle = await client.request("Observation?patient=" + client.patient.id);
      const everybody = await client.request("Observation");
      const { user } = client;
      const me = await user.read();
      const idToken = client.state.tokenResponse.id_token;
      // Without a secret it has to say who it is: the library does so when told to.
      client.environment.options.refreshTokenWithClientId = true;
      await client.refresh();
      const again = await client.request("Observation");
      document.getElementById("result").textContent = JSON.stringify({
        patient: patient.id, user: user.fhirUser, me, idToken, values: bundle.entry.map(({ resource }) => resource.valueQuantity.value),
        everybody: everybody.entry.length, again: again.entry.length });
    }).catch((error) => { document.getElementById("result").textContent = "failed: " + error.message; });`);
  const served = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0];
    const [type, body] =
      path === "/library.js"
        ? ["text/javascript", library]
        : ["text/html; charset=utf-8", path === "/launch" ? launch : app];
    response.writeHead(200, { "content-type": type }).end(body);
  });
  return new Promise((resolve) => served.listen(0, "127.0.0.1", () => resolve(served)));
}

before(async () => {
  if (skipWithoutBrowser) return;
  server = await startTestServer();
  pages = await startApplication();
  // Another site than the server's 127.0.0.1, as it would be in the world.
  appAddress = `http://localhost:${(pages.address() as AddressInfo).port}`;
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  pages?.closeAllConnections();
  await new Promise((resolve) => (pages ? pages.close(resolve) : resolve(undefined)));
  await server?.stop();
});

test("the SMART JavaScript library launches by itself in a browser, and sees the chosen patient", {
  skip: skipWithoutBrowser,
}, async () => {
  const { client } = await server.clients.add(
    server.home.id,
    { name: "Heart rates", kind: "public", scope: SCOPE, redirectUris: [`${appAddress}/app`] },
    "test",
  );
  const kari = await server.newPatient("Hansen, Kari");
  const ola = await server.newPatient("Berg, Ola");
  server.measure(kari, 72);
  server.measure(ola, 60);
  const { person, cookie } = await server.signIn("nurse", "Nina Berg");
  const [name = "", value = ""] = cookie.split("=");
  await browser.context.addCookies([{ name, value, url: server.issuer, httpOnly: true, sameSite: "Strict" }]);

  const page = await browser.page();
  await page.goto(`${appAddress}/launch?${new URLSearchParams({ client: client.id, iss: server.fhir })}`);
  await page.getByRole("link", { name: "Hansen, Kari" }).click();
  await page.getByRole("heading", { name: "Heart rates asks for access" }).waitFor();
  await picture(page, "consent-of-application");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, "consent-of-application-dark");
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await page.waitForURL(`${appAddress}/app**`);
  await page.waitForFunction("document.getElementById('result').textContent !== ''");
  const text = (await page.locator("#result").textContent()) ?? "";
  assert.ok(text.startsWith("{"), text);
  const { me, idToken, ...result } = JSON.parse(text);
  assert.deepEqual([me.resourceType, me.id, me.name[0].text], ["Practitioner", person.id, "Nina Berg"]);
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/oauth/jwks`));
  const { payload } = await jwtVerify(idToken, keys, { issuer: server.issuer, audience: client.id });
  assert.deepEqual([payload.sub, payload.fhirUser], [person.id, `${server.fhir}/Practitioner/${person.id}`]);
  assert.deepEqual(result, {
    patient: kari.id,
    user: `Practitioner/${person.id}`,
    values: [72],
    everybody: 1,
    again: 1,
  });
  assert.deepEqual(server.faults, []);
});
