import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { connectAsync, type IClientOptions } from "mqtt";
import { within } from "../../test/support/ways-in.ts";
import type { Measured } from "./measured.ts";

interface Credentials {
  readonly credentials: readonly { readonly id: string; readonly kind: "token" | "certificate" }[];
}

/** A device that sends: its token revoked, its certificate revoked, all of it revoked; its session of MQTT and what it posts. */
export async function revokeDevices({ ward, admin, note }: Measured, times: number): Promise<void> {
  const ca = readFileSync(join(ward.dataDir, "tls/ca.crt"));
  const [plain, tls] = [`mqtt://127.0.0.1:${ward.mqttPort}`, `mqtts://127.0.0.1:${ward.mqttsPort}`];

  /** Over TLS, so that a token and a certificate go the same way. */
  const post = (id: string, options: { auth?: string; cert?: string; key?: string }) =>
    new Promise<number>((resolve, reject) => {
      const agent = new Agent({ ca, ...options });
      const url = `https://127.0.0.1:${ward.httpsPort}/ingest/devices/${id}/readings`;
      const headers = { "content-type": "application/json" };
      const sent = request(url, { method: "POST", agent, headers, ...(options.auth ? { auth: options.auth } : {}) });
      sent.once("error", reject).once("response", (answer) => {
        answer.resume().once("end", () => {
          agent.destroy();
          resolve(answer.statusCode ?? 0);
        });
      });
      sent.end('{"values":{"heart-rate":72}}');
    });

  const measure = async (
    act: string,
    id: string,
    sign: { auth?: string; cert?: string; key?: string },
    [url, options]: [string, IClientOptions],
    doIt: () => Promise<unknown>,
  ) => {
    if ((await post(id, sign)) !== 200) throw new Error(`${act}: the device was refused before`);
    const client = await connectAsync(url, { clientId: id, reconnectPeriod: 0, ca, ...options }, false);
    try {
      const closed = new Promise<number>((resolve) => client.once("close", () => resolve(performance.now())));
      const began = performance.now();
      const refused = (async () => {
        while ((await post(id, sign)) === 200) await wait(5);
        return performance.now();
      })();
      await doIt();
      const answered = performance.now();
      const ended = { MQTT: within(closed, `${act}: the session to end`), REST: within(refused, `${act}: a refusal`) };
      for (const [way, gone] of Object.entries(ended)) note(act, way, { began, answered, gone: await gone }, "device");
    } finally {
      client.end(true);
    }
  };

  for (let n = 0; n < times; n++) {
    const id = `gone-${n}`;
    const device = { id, type: "bedside-monitor", display: "Monitor" };
    const { token } = await admin<{ token: string }>("POST", "/api/devices", device);
    const ofKind = async (kind: "token" | "certificate") => {
      const { credentials } = await admin<Credentials>("GET", `/api/devices/${id}/credentials`);
      return credentials.find((one) => one.kind === kind)?.id ?? "";
    };
    const revoke = async (kind: "token" | "certificate") => {
      const credential = await ofKind(kind);
      return () => admin("POST", `/api/devices/${id}/credentials/${credential}/revoke`);
    };
    const byToken = (secret: string): [string, IClientOptions] => [plain, { username: id, password: secret }];
    const revokeToken = await revoke("token");
    await measure("device's token revoked", id, { auth: `${id}:${token}` }, byToken(token), revokeToken);

    const made = await admin<{ certificate: string; key: string }>("POST", `/api/devices/${id}/certificates`, {});
    const own = { cert: made.certificate, key: made.key };
    await measure("device's certificate revoked", id, own, [tls, own], await revoke("certificate"));

    const { token: second } = await admin<{ token: string }>("POST", `/api/devices/${id}/token`, {});
    await measure("device revoked", id, { auth: `${id}:${second}` }, byToken(second), () =>
      admin("POST", `/api/devices/${id}/revoke`),
    );
  }
}
