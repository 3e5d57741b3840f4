import type { OutsideTrouble } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import type { Config } from "./config.ts";
import { type Foundation, openFoundation } from "./foundation.ts";
import { createGround, type Ground } from "./ground.ts";
import { refuseTaken } from "./listen.ts";
import { createLive, type Live } from "./live/index.ts";
import type { Logger } from "./log.ts";
import { openDoors } from "./open-doors.ts";
import { openHttp } from "./open-http.ts";
import { openIngest } from "./open-ingest.ts";
import { addressesOf, listen } from "./open-listening.ts";
import { openPortal } from "./open-portal.ts";
import { openStorage } from "./open-storage.ts";
import { openWatch, startWatch } from "./open-watch.ts";
import { reachable, signInLink } from "./reachable.ts";
import { bindStore } from "./store/keys/index.ts";

export interface RunningServer {
  readonly url: string;
  readonly httpPort: number;
  readonly mqttPort: number;
  /** null: not listening. */
  readonly httpsPort: number | null;
  readonly mqttsPort: number | null;
  readonly mllpPort: number | null;
  readonly mllpsPort: number | null;
  /** One-time sign-in links by role; empty where everybody has signed in before. */
  readonly links: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly config: Config;
  readonly isDemo: boolean;
  readonly newLinks: boolean;
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly progress: (text: string) => void;
  /** Another server writes to the database now: the process must end. */
  readonly onSuperseded: (error: OutsideTrouble) => void;
  /** Opens what everything stands on; left out: as it is. */
  readonly open?: typeof openFoundation;
}

/** Reads nothing but what it is given, builds every room, introduces them, starts them; `stop` goes backwards. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, isDemo, runtime, log, progress, onSuperseded, open = openFoundation } = options;
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const step of stops.reverse()) await step();
  };
  try {
    await refuseTaken(Object.values(addressesOf(config)).filter((address) => address !== null));
    progress("starting the database ...");
    const foundation = await open({ config, mode: "serve", runtime, log, onSuperseded });
    stops.push(() => foundation.close());
    progress("opening the journal ...");
    const onStop = (step: () => Promise<void> | void) => void stops.push(step);
    const rooms = await openRooms(createGround({ config, isDemo, runtime, log, foundation, onStop }));
    const ports = await rooms.listen();
    const { mqttPort, url } = ports;
    // Invented patients and their simulator are read where there are any.
    const demo = isDemo ? await import("./demo.ts") : undefined;
    const devices = demo ? await demo.ensureDemoWard(foundation, config.dataDir, runtime) : [];
    if (!demo) await ensureOrganisation(foundation);
    if (foundation.keys) await bindStore(foundation.database.worker, foundation.keys, runtime.clock.now());
    const links = await firstLinks(foundation, options, url);
    const { mail } = rooms;
    await foundation.access.watchMonitoring(
      mail && {
        sendMonitoring: (to, what) => mail.sendMonitoring(to, what, `${url}${what.isPatient ? "/mine" : "/"}`),
      },
    );
    if (demo) {
      const running = demo.startDemoDevices({
        url: `mqtt://${reachable(config.bind)}:${mqttPort}`,
        devices,
        runtime,
        report: (text) => log.warn({}, text),
      });
      stops.push(() => running.stop());
    }
    return { ...ports, links, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Built in this order, and stopped in the reverse. */
async function openRooms(ground: Ground) {
  // Watch tells screens, live takes its screens' beginnings from what watch knows: one of the two is introduced late.
  const screens = (): Live => live;
  const opened = await openStorage(ground);
  const watching = openWatch(ground, opened, screens);
  const intake = openIngest(ground, opened, watching, screens);
  const portals = await openPortal(ground, { opened, watching, intake }, screens);
  const { portal, mail } = portals;
  const live = createLive({ runtime: ground.runtime, tiles: portal.tiles, bodies: portal, report: ground.report });
  await startWatch(ground, { opened, watching, intake, live });
  const doors = await openDoors(ground, intake, portals);
  const web = await openHttp(ground, { opened, watching, intake, portals, doors, live });
  return { mail, listen: () => listen(ground, doors, web, portals) };
}

async function firstLinks(
  { wards, access }: Foundation,
  { isDemo, newLinks }: ServerOptions,
  url: string,
): Promise<Record<string, string>> {
  const links: Record<string, string> = {};
  for (const organisation of await wards.organisations()) {
    if (organisation.isDemo !== isDemo) continue;
    for (const { person, link } of await access.ensureFirstPeople(organisation, { again: newLinks })) {
      if (link) links[person.role] = signInLink(url, link.token);
    }
  }
  return links;
}

/** Somewhere to admit the first patient; names are changed on the Administration page. */
async function ensureOrganisation({ wards }: Foundation): Promise<void> {
  const real = (await wards.organisations()).filter((organisation) => !organisation.isDemo);
  if (real.length > 0) return;
  const organisation = await wards.createOrganisation("Hospital", false);
  await wards.create(organisation.id, "Ward 1", Intl.DateTimeFormat().resolvedOptions().timeZone, "system");
}
