import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Route, routes } from "@openward/api";
import { alarmAnswers } from "./alarms.ts";
import { type Answer, Refusal } from "./call.ts";
import { deviceAnswers } from "./devices.ts";
import { gatewayAnswers } from "./gateways.ts";
import { houseAnswers } from "./house.ts";
import { measuredAnswers } from "./measured.ts";
import { quarantineAnswers } from "./quarantine.ts";
import { staffAnswers } from "./staff.ts";
import { state } from "./state.ts";
import { unaskedAnswers } from "./unasked.ts";

const answers: Record<keyof typeof routes, Answer> = {
  ...unaskedAnswers,
  ...staffAnswers,
  ...houseAnswers,
  ...measuredAnswers,
  ...alarmAnswers,
  ...deviceAnswers,
  ...gatewayAnswers,
  ...quarantineAnswers,
};
const parts = [
  unaskedAnswers,
  staffAnswers,
  houseAnswers,
  measuredAnswers,
  alarmAnswers,
  deviceAnswers,
  gatewayAnswers,
  quarantineAnswers,
];
const answered = parts.reduce((sum, part) => sum + Object.keys(part).length, 0);
assert.equal(Object.keys(answers).length, answered, "a route is answered in two files, and only one of them counts");

const table = Object.entries(routes as Record<string, Route>).map(([name, route]) => ({
  name: name as keyof typeof routes,
  route,
  pattern: new RegExp(`^${route.path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`),
}));

/** Answers one request under /api, and says on the terminal where the answer breaks the contract. */
export async function api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const reply = (status: number, body: unknown) => {
    response.writeHead(status, { "content-type": status >= 400 ? "application/problem+json" : "application/json" });
    response.end(status === 204 ? undefined : JSON.stringify(body));
  };
  try {
    for (const { name, route, pattern } of table) {
      const match = route.method === request.method ? pattern.exec(url.pathname) : null;
      if (!match) continue;
      if (!state.isSignedIn && route.allow !== "public") throw new Refusal(401, "NOT_SIGNED_IN", "Sign in first.");
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const sent = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
      const body = route.body?.safeParse(sent);
      const query = route.query?.safeParse(Object.fromEntries(url.searchParams));
      const issue = body?.error?.issues[0] ?? query?.error?.issues[0];
      if (issue)
        throw new Refusal(400, "FIELD_INVALID", "A field does not have the value that is expected.", {
          field: issue.path.join("."),
          expected: issue.message,
        });
      const answer = answers[name]({ params: { ...match.groups }, query: query?.data ?? {}, body: body?.data });
      const checked = route.response.safeParse(JSON.parse(JSON.stringify(answer)));
      if (!checked.success) console.error(`fake ${name} breaks the contract`, checked.error.issues.slice(0, 3));
      return reply(route.status, answer);
    }
    throw new Refusal(404, "NOT_FOUND", "There is no such route.");
  } catch (error) {
    if (error instanceof Refusal) return reply(error.status, error.body);
    console.error(error);
    reply(500, { code: "BUG", detail: String(error) });
  }
}
