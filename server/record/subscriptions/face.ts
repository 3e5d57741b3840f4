import type { Asking, NewEvent, Notification, PlacedChange, Subscription } from "@openward/model";
import type { Ids } from "@openward/runtime";
import type { RecordContext } from "../context.ts";
import { devicesFor } from "../devices-on.ts";
import type { RecordDeps } from "../register.ts";
import type { Counting } from "./events.ts";

/** FHIR for what tells subscribers: in whose name they asked, as a request of theirs would be answered. */
export function createFace(
  deps: RecordDeps,
  { counting, ids, base }: { readonly counting: Counting; readonly ids: Ids; readonly base: () => string },
) {
  const contextOf = ({ organisation, view, app }: Asking): RecordContext => ({
    ...deps,
    devices: devicesFor(deps.devices, view),
    organisation,
    view,
    app,
    base: base(),
    strict: true,
  });
  // Medplum is loaded with the first subscription, not with the server.
  return {
    async eventsOf(
      subscription: Subscription,
      asking: Asking,
      changes: readonly PlacedChange[],
    ): Promise<readonly NewEvent[]> {
      const { eventsOf } = await import("./events.ts");
      return eventsOf(contextOf(asking), subscription, changes, counting);
    },
    async notification(subscription: Subscription, asking: Asking, notification: Notification): Promise<string> {
      const { notificationBundle } = await import("./notification.ts");
      return JSON.stringify(await notificationBundle(contextOf(asking), subscription, notification, ids));
    },
  };
}
