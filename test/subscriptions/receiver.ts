import { createServer, type IncomingHttpHeaders } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Bundle, Parameters, ParametersParameter } from "@medplum/fhirtypes";

/** What one notification says. */
export interface Notified {
  readonly type: string;
  readonly status: string;
  readonly total: number;
  readonly events: readonly {
    readonly number: number;
    readonly focus: string | undefined;
    readonly at: string | undefined;
  }[];
  readonly bundle: Bundle;
}

export function readNotification(text: string): Notified {
  const bundle = JSON.parse(text) as Bundle;
  const { parameter = [] } = (bundle.entry?.[0]?.resource ?? {}) as Partial<Parameters>;
  const of = (all: readonly ParametersParameter[], name: string) => all.find((one) => one.name === name);
  return {
    bundle,
    type: of(parameter, "type")?.valueCode ?? "",
    status: of(parameter, "status")?.valueCode ?? "",
    total: Number(of(parameter, "events-since-subscription-start")?.valueString),
    events: parameter
      .filter(({ name }) => name === "notification-event")
      .map(({ part = [] }) => ({
        number: Number(of(part, "event-number")?.valueString),
        focus: of(part, "focus")?.valueReference?.reference,
        at: of(part, "timestamp")?.valueInstant,
      })),
  };
}

/** A receiver of FHIR's rest-hook, over real HTTP: answers as it is told. */
export async function startHook(answer: (nth: number) => number | "hang" | "reset" | "slow" = () => 200, port = 0) {
  const received: { readonly notified: Notified; readonly headers: IncomingHttpHeaders; readonly answered: number }[] =
    [];
  let answering = answer;
  let nth = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const how = answering(nth++);
      const notified = readNotification(Buffer.concat(chunks).toString("utf8"));
      const note = (answered: number) => received.push({ notified, headers: request.headers, answered });
      if (how === "hang") return;
      if (how === "reset") {
        request.socket.destroy();
        return;
      }
      if (how === "slow") await wait(700);
      const status = how === "slow" ? 200 : how;
      note(status);
      response.writeHead(status, status === 302 ? { location: "http://127.0.0.1:1/" } : {}).end();
    });
    request.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  const bound = typeof address === "object" && address ? address.port : 0;
  const taken = () => received.filter(({ answered }) => answered >= 200 && answered <= 299);
  return {
    url: `http://127.0.0.1:${bound}/hook`,
    port: bound,
    received,
    answerWith(next: typeof answer) {
      answering = next;
    },
    /** Events that it took, as they came. */
    events: () => taken().flatMap(({ notified }) => notified.events),
    types: () => taken().map(({ notified }) => notified.type),
    async until(what: string, isThere: () => boolean, ms = 60_000): Promise<void> {
      for (const end = performance.now() + ms; !isThere(); await wait(20))
        if (performance.now() > end)
          throw new Error(
            `waited for: ${what}; there is ${JSON.stringify(taken().map(({ notified: { bundle: _, ...one } }) => one)).slice(0, 2_000)}`,
          );
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export type Hook = Awaited<ReturnType<typeof startHook>>;
