import { reasonOf } from "./access/audit/because.ts";
import { createPost, createSubscriptions, type SubscriptionMail, type Subscriptions } from "./feeds/index.ts";
import type { Ground } from "./ground.ts";
import type { Mail } from "./mail.ts";
import type { OpenFeeds } from "./open-feeds.ts";
import packageJson from "./package.json" with { type: "json" };
import type { RecordDeps } from "./record/register.ts";
import { createFace } from "./record/subscriptions/face.ts";
import { createVault } from "./store/keys/index.ts";
import type { Tables } from "./store/registry/index.ts";

export const SUBSCRIPTIONS_PATH = "/fhir/ws";

/** FHIR's subscriptions, introduced to what happens and to who may be told of it. They begin when the server listens. */
export function openSubscriptions(
  { runtime, log, keys, audit, access, where, onStop }: Ground,
  {
    told,
    tables,
    mail,
    record,
  }: {
    readonly told: OpenFeeds["told"];
    readonly tables: Tables;
    readonly mail: Mail | null;
    /** From what requests of the subscriber's own would be answered. */
    readonly record: RecordDeps;
  },
): Subscriptions {
  const { outbox, counting, guard, days } = told;
  const base = () => `${where.url.replace(/\/+$/, "")}/fhir`;
  const subscriptions = createSubscriptions({
    runtime,
    tables,
    outbox,
    face: createFace(record, { counting, ids: runtime.ids, base }),
    viewOf: access.viewOf,
    onEnded: access.onEnded,
    vault: createVault(keys),
    guard,
    post: createPost(guard),
    mail: mail && mailOf(mail, () => where.url),
    async record({ subscription, asking, patientIds, what }) {
      const { principal, app } = asking;
      const { purpose, basis } = reasonOf(patientIds, (id) => access.becauseOf(principal, id));
      await audit.writer.append({
        id: runtime.ids.uuid(),
        at: runtime.clock.now(),
        organisationId: subscription.organisationId,
        who: {
          kind: "application",
          id: app?.clientId ?? principal.id,
          display: app?.name ?? principal.display,
          role: null,
        },
        onBehalfOf: { kind: principal.kind, id: principal.id, display: principal.display, role: principal.role },
        action: "R",
        code: "subscription.send",
        patients: patientIds,
        entity: "Subscription",
        entityId: subscription.id,
        via: subscription.channel,
        parameters: what,
        purpose,
        basis,
        outcome: "allowed",
      });
    },
    webSocketUrl: () => `${where.url.replace(/^http/, "ws").replace(/\/+$/, "")}${SUBSCRIPTIONS_PATH}`,
    days,
    version: packageJson.version,
    log,
  });
  const stopSeeing = access.onSeen(() => subscriptions.look());
  onStop(async () => {
    stopSeeing();
    await subscriptions.stop();
  });
  return subscriptions;
}

function mailOf(mail: Mail, url: () => string): SubscriptionMail {
  return { send: (to, what, attached) => mail.sendNotification(to, what, url(), attached) };
}
