import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type Provider from "oidc-provider";
import { ROUTES } from "./facts.ts";
import { registerInteraction } from "./interaction.ts";
import { createOrigins } from "./origins.ts";
import type { OAuthDeps } from "./ports.ts";
import { sweep } from "./records.ts";
import { smartConfiguration } from "./smart-configuration.ts";

const SWEEP_EVERY_MS = 600_000;
/** How often it is looked whether a new signing key is due. */
export const KEYS_EVERY_MS = 3_600_000;
const FORM_MAX = 65_536;

/**
 * The authorisation server under /oauth, and what applications find it by. `oidc-provider` is loaded with the first
 * request, and made again where its keys or its address change: it keeps nothing.
 */
export function registerOAuth(app: FastifyInstance, deps: OAuthDeps): { close(): void } {
  const { runtime, log } = deps;
  let made: { readonly issuer: string; readonly at: number; readonly provider: Promise<Provider> } | undefined;
  const origins = createOrigins(deps);

  const providerOf = (): Promise<Provider> => {
    const issuer = deps.issuer();
    const now = runtime.clock.monotonic();
    if (made?.issuer !== issuer || now - made.at > KEYS_EVERY_MS) {
      const provider = import("./provider.ts").then(({ createProvider }) => createProvider(deps, issuer));
      const mine = { issuer, at: now, provider };
      provider.catch(() => {
        if (made === mine) made = undefined;
      });
      made = mine;
    }
    return made.provider;
  };

  /** The provider reads the raw request: it sees the address that people use, whatever stands in between. */
  const providerFor = async ({ raw }: FastifyRequest): Promise<Provider> => {
    const { host, protocol } = new URL(deps.issuer());
    raw.headers.host = host;
    raw.headers["x-forwarded-host"] = host;
    raw.headers["x-forwarded-proto"] = protocol.slice(0, -1);
    return providerOf();
  };

  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const callback = (await providerFor(request)).callback();
    const { raw } = request;
    raw.url = alwaysAsking(raw.url ?? "");
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    reply.raw.setHeader("cache-control", "no-store");
    reply.hijack();
    callback(raw, reply.raw);
  };

  app.addHook("onRequest", origins.allow);
  registerInteraction(app, deps, providerFor);
  app.register(async (scope) => {
    // The provider reads bodies itself; what is too long to be one of its forms is not let through.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { bodyLimit: FORM_MAX }, (_request, _payload, done) => done(null));
    scope.all("/oauth/*", handle);
    scope.get("/.well-known/openid-configuration", handle);
    scope.get("/.well-known/oauth-authorization-server", handle);
    scope.get("/fhir/.well-known/smart-configuration", (_request, reply) =>
      reply.header("cache-control", "max-age=300").send(smartConfiguration(deps.issuer())),
    );
  });

  const sweeping = runtime.timers.every(SWEEP_EVERY_MS, () => {
    sweep(deps.tables, runtime.clock).catch((error: Error) =>
      log.warn({ reason: error.message }, "what applications no longer need was not swept"),
    );
  });
  return { close: () => sweeping.cancel() };
}

/**
 * Applications of SMART do not ask for consent by name, and without that word the library gives no `offline_access`. Here
 * a person is asked each time anyway.
 */
function alwaysAsking(url: string): string {
  const [path, query = ""] = url.split("?", 2);
  if (path !== ROUTES.authorization) return url;
  const asked = new URLSearchParams(query);
  if (asked.get("prompt") === "none") return url;
  asked.set("prompt", "consent");
  return `${path}?${asked}`;
}
