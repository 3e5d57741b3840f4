import type { RouteName } from "@openward/api";
import type { Known } from "./marks.ts";
import { bearer, raise, send } from "./patients.ts";
import { json } from "./server.ts";
import { signInCalls } from "./sign-in-calls.ts";
import type { Subject, World } from "./world.ts";

/** One request, about one patient where the route has one. */
export interface Request {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** What must stand in the answer, where it is not about the one who was asked for. */
  readonly shows?: readonly string[];
}

export interface Call {
  /** Of whom it asks can be told from the request: for who may not see them it must be as if there were none. */
  readonly isAbout: boolean;
  ask(target: Known, world: World): Request;
  /** For who may: what has to be there first, so that it can be done; left out: `ask` as it is. */
  ready?(world: World, subject: Subject, target: Known): Promise<Request>;
  /** Kinds that are refused for another reason than their role. */
  readonly isForPeople?: boolean;
  /** This world has nothing to do it with (no provider outside): it is refused, and its own test does it. */
  readonly isRefusedHere?: boolean;
}

const about = (ask: Call["ask"], ready?: Call["ready"]): Call => ({ isAbout: true, ask, ...(ready ? { ready } : {}) });
const plain = (request: Request = {}, ready?: Call["ready"]): Call => ({
  isAbout: false,
  ask: () => request,
  ...(ready ? { ready } : {}),
});
const span = { from: Date.now() - 2 * 3_600_000, to: Date.now() + 3_600_000 };
const ofPatient = (more: Request = {}) => about(({ id }) => ({ params: { id }, ...more }));
const EMERGENCY = "unconscious in the corridor";
const NOBODY = "00000000-0000-7000-8000-000000000001";

/** The house does it, as an administrator's token that sees everybody. */
const house = <T = { id: string }>({ server, home }: World, method: string, path: string, body?: unknown) =>
  json<T>(server, {
    method,
    path: `/api${path}`,
    headers: bearer(home.token),
    ...(body === undefined ? {} : { body }),
  });

/** Something is done to a patient who is there for that alone. */
const toSpare =
  (
    request: (id: string) => Request,
    first: (world: World, id: string) => Promise<Request | undefined> = async () => undefined,
  ) =>
  async (world: World, subject: Subject): Promise<Request> => {
    const { id } = await world.spare(subject);
    const more = await first(world, id);
    const { params, ...rest } = request(id);
    return { shows: [id], ...rest, ...more, params: { ...params, ...more?.params } };
  };
const personOf = (role: "nurse" | "family") => async (world: World) => ({
  params: { id: (await world.newPerson(role)).person.id },
});
const bed = () => `b-${Math.random().toString(36).slice(2, 12)}`;

let taken = 1;
/** A reading that nobody has amended yet. */
const nextTime = ({ times }: Known) => times[++taken % times.length] as number;
const withdraw = { reason: "was right after all" };
const reasonOf = (known: Known) => known.marks.get("reason")?.[0] ?? "";

async function entry(world: World): Promise<string> {
  const device = await world.spareDevice();
  await send(world.home, device, "readings", { at: Date.now(), values: { "heart-rate": 70 } });
  const [found] = await house<{ id: string }[]>(world, "GET", `/quarantine?device=${device.deviceId}`);
  return found?.id ?? "";
}
/** The subject does it: a run is of who began it. */
const asked = <T = { id: string }>({ server }: World, subject: Subject, method: string, path: string, body?: unknown) =>
  json<T>(server, { method, path: `/api${path}`, headers: subject.headers, ...(body === undefined ? {} : { body }) });

async function phaseOf(world: World, subject: Subject, id: string, phase: string): Promise<void> {
  for (let n = 0; n < 600; n++) {
    const state = await asked<{ phase: string }>(world, subject, "GET", `/quarantine/runs/${id}`);
    if (state.phase === phase) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the run did not come to be ${phase}`);
}

async function lookedRun(world: World, subject: Subject): Promise<{ id: string }> {
  const { id } = await asked(world, subject, "POST", "/quarantine/runs", { device: "nobody-zq" });
  await phaseOf(world, subject, id, "looked");
  return { id };
}
const description = {
  type: "generic",
  display: "Described",
  manufacturer: null,
  model: null,
  serial: null,
  label: null,
  owner: "organisation",
  ownerName: null,
  location: null,
  service: { isOut: false, dueOn: null, note: null },
};

const spareDevice =
  (more: Request = {}) =>
  async (world: World) => {
    const { deviceId } = await world.spareDevice();
    return { params: { deviceId }, shows: [deviceId], ...more };
  };

async function broken(world: World): Promise<string> {
  const { person } = await world.newPerson("nurse");
  const patient = world.known.glass.mrn;
  const grant = await world.server.foundation.access.breakGlass.open(
    { ...person, kind: "person" },
    { patient, reason: "an emergency" },
  );
  return grant.id;
}

/** What a patient may say; and then says otherwise, or takes back. */
const WISH = {
  decision: "deny",
  categories: ["glucose"],
  purpose: null,
  actors: [{ kind: "role", role: "researcher" }],
} as const;
const ofOwnConsent = (body: unknown) =>
  about(
    ({ id }) => ({ params: { patientId: id, consentId: NOBODY }, body }),
    async ({ server }, { headers }, { id }) => {
      const path = `/api/me/patients/${id}/consents`;
      const { id: consentId } = await json<{ id: string }>(server, { method: "POST", path, headers, body: WISH });
      return { params: { patientId: id, consentId }, body };
    },
  );

const NIGHTSCOUT_KEY = { name: "Follower", uploads: false };

const TASK = { signal: "body-weight", times: ["08:00"] };
const CALENDAR = { name: "Telephone" };
/** Made by who asks, and then ended. */
const ofOwn = (what: "tasks" | "calendars", name: "taskId" | "calendarId", body: object) =>
  about(
    ({ id }) => ({ params: { patientId: id, [name]: NOBODY } }),
    async ({ server }, { headers }, { id }) => {
      const path = `/api/me/patients/${id}/${what}`;
      const made = await json<{ calendar?: { id: string }; tasks?: { id: string }[] }>(server, {
        method: "POST",
        path,
        headers,
        body,
      });
      return { params: { patientId: id, [name]: made.calendar?.id ?? made.tasks?.[0]?.id ?? "" } };
    },
  );

const FEED = { way: "mqtt", name: "Display" };
/** Made by who asks, and then changed. */
const ofOwnFeed = (body?: unknown) =>
  about(
    ({ id }) => ({ params: { patientId: id, feedId: NOBODY }, ...(body === undefined ? {} : { body }) }),
    async ({ server }, { headers }, { id }) => {
      const path = `/api/me/patients/${id}/feeds`;
      const made = await json<{ feed: { id: string } }>(server, { method: "POST", path, headers, body: FEED });
      return { params: { patientId: id, feedId: made.feed.id }, ...(body === undefined ? {} : { body }) };
    },
  );
const BACKEND = {
  name: "Registry",
  kind: "backend",
  scope: "system/Observation.rs",
  jwksUri: "https://registry.example/keys",
} as const;
const backend = async ({ server, home }: World) =>
  (await server.foundation.clients.add(home.organisationId, BACKEND, "test")).client.id;
const ofApplicationFeed = (body?: unknown) =>
  plain({ params: { feedId: NOBODY }, ...(body === undefined ? {} : { body }) }, async (world) => {
    const made = await house<{ feed: { id: string } }>(world, "POST", "/feeds", {
      ...FEED,
      applicationId: await backend(world),
    });
    return { params: { feedId: made.feed.id }, ...(body === undefined ? {} : { body }) };
  });
const OWN_DEVICE = {
  browserId: "any",
  name: null,
  services: ["180d"],
  says: { manufacturer: null, model: null, systemId: null },
  isShared: true,
};
const ownCapture = () => ({
  key: "00000000-0000-4000-8000-000000000001",
  sentAt: Date.now(),
  values: [{ codec: "gatt/2a19", at: Date.now(), hex: "50" }],
});

const APPLICATION = {
  name: "Of another maker",
  kind: "secret",
  scope: "patient/*.rs",
  redirectUris: ["http://127.0.0.1:1/"],
} as const;
const application = async ({ server, home }: World) =>
  (await server.foundation.clients.add(home.organisationId, APPLICATION, "test")).client.id;

/** How each route is asked. A route that is not here does not compile. */
export const calls: Readonly<Record<RouteName, Call>> = {
  ...signInCalls,
  // Answered by who sees the patient as well, as their badge says.
  kioskAcknowledge: about(
    (known) => ({ params: { id: known.alarm.id }, body: { revision: known.alarm.revision, by: { who: "123456" } } }),
    async (world, _subject, known) => {
      const { person } = await world.newPerson("nurse");
      const { access } = world.server.foundation;
      const reach = { kind: "patient", patientId: known.id } as const;
      const why = { purpose: "care", basis: "care-team" } as const;
      await access.grants.add(
        world.home.organisationId,
        [{ grantee: { kind: "person", id: person.id }, reach, ...why }],
        "test",
      );
      const who = `b${Date.now()}`;
      await access.badges.set(world.home.organisationId, person.id, who, "test");
      const { id, revision } = await raise(world.home, known, `wall-${Date.now()}`);
      return { params: { id }, body: { revision, by: { who } }, shows: [id, known.id] };
    },
  ),
  session: plain(),
  me: plain(),
  myDevices: plain(),
  sharing: about(({ id }) => ({ params: { patientId: id } })),
  share: about(({ id }) => ({ params: { patientId: id }, body: WISH })),
  changeSharing: ofOwnConsent(WISH),
  stopSharing: ofOwnConsent({}),
  myAccessHistory: ofPatient(),
  nightscoutKeys: about(({ id }) => ({ params: { patientId: id } })),
  addNightscoutKey: about(({ id }) => ({ params: { patientId: id }, body: NIGHTSCOUT_KEY })),
  endNightscoutKey: about(
    ({ id }) => ({ params: { patientId: id, keyId: NOBODY } }),
    async ({ server }, { headers }, { id }) => {
      const path = `/api/me/patients/${id}/nightscout`;
      const made = await json<{ key: { id: string } }>(server, { method: "POST", path, headers, body: NIGHTSCOUT_KEY });
      return { params: { patientId: id, keyId: made.key.id } };
    },
  ),
  myTasks: about(({ id }) => ({ params: { patientId: id } })),
  addMyTask: about(({ id }) => ({ params: { patientId: id }, body: TASK })),
  endMyTask: ofOwn("tasks", "taskId", TASK),
  calendars: about(({ id }) => ({ params: { patientId: id } })),
  addCalendar: about(({ id }) => ({ params: { patientId: id }, body: CALENDAR })),
  endCalendar: ofOwn("calendars", "calendarId", CALENDAR),
  tasks: ofPatient(),
  addTask: ofPatient({ body: TASK }),
  endTask: about(
    ({ id }) => ({ params: { id, taskId: NOBODY } }),
    async (world, _subject, { id }) => {
      const made = await house<{ tasks: { id: string }[] }>(world, "POST", `/patients/${id}/tasks`, TASK);
      return { params: { id, taskId: made.tasks[0]?.id ?? "" } };
    },
  ),
  feeds: about(({ id }) => ({ params: { patientId: id } })),
  addFeed: about(({ id }) => ({ params: { patientId: id }, body: FEED })),
  pauseFeed: ofOwnFeed(),
  resumeFeed: ofOwnFeed(),
  endFeed: ofOwnFeed(),
  rotateFeed: ofOwnFeed({}),
  pingFeed: ofOwnFeed(),
  replayFeed: ofOwnFeed({ from: 0 }),
  applicationFeeds: plain(),
  addApplicationFeed: plain({}, async (world) => ({ body: { ...FEED, applicationId: await backend(world) } })),
  pauseApplicationFeed: ofApplicationFeed(),
  resumeApplicationFeed: ofApplicationFeed(),
  endApplicationFeed: ofApplicationFeed(),
  rotateApplicationFeed: ofApplicationFeed({}),
  pingApplicationFeed: ofApplicationFeed(),
  replayApplicationFeed: ofApplicationFeed({ from: 0 }),
  addOwnDevice: about(({ id }) => ({ params: { patientId: id }, body: OWN_DEVICE })),
  sendOwnCapture: about(
    ({ id }) => ({ params: { patientId: id, deviceId: "own-none" }, body: ownCapture() }),
    async ({ server }, { headers }, { id }) => {
      const path = `/api/me/patients/${id}/devices`;
      const made = await json<{ deviceId: string }>(server, { method: "POST", path, headers, body: OWN_DEVICE });
      return { params: { patientId: id, deviceId: made.deviceId }, body: ownCapture() };
    },
  ),
  exportMine: ofPatient(),
  about: plain(),
  system: plain(),
  wards: plain(),
  addWard: plain({}, async () => ({ body: { name: `Ward ${bed()}`, timeZone: "Europe/Oslo" } })),

  patients: plain({ query: { all: "true" } }),
  admit: plain({}, async ({ home }) => ({ body: { isUnknown: true, wardId: home.wardId, bed: bed() } })),
  findPatients: plain({ body: { q: "", all: true } }),
  patient: ofPatient(),
  changePatient: ofPatient({ body: { sex: "female" } }),
  readmit: about(
    ({ id, wardId }) => ({ params: { id }, body: { wardId, bed: "x" } }),
    async (world, subject) => {
      const { id } = await world.spare(subject);
      await house(world, "POST", `/patients/${id}/discharge`);
      return { params: { id }, body: { wardId: world.home.wardId, bed: bed() }, shows: [id] };
    },
  ),
  transfer: about(
    ({ id, wardId }) => ({ params: { id }, body: { wardId, bed: "x" } }),
    async (world, subject) => {
      const { id } = await world.spare(subject);
      return { params: { id }, body: { wardId: world.home.wardId, bed: bed() }, shows: [id] };
    },
  ),
  discharge: about(
    ({ id }) => ({ params: { id } }),
    toSpare((id) => ({ params: { id } })),
  ),
  merge: about(
    // Somebody who sees both, with the server's checks off, would make one of the two.
    ({ id, key }, { known }) => ({ params: { id }, body: { into: key === "kept" ? id : known.own.id } }),
    async (world, subject) => ({
      params: { id: (await world.spare(subject)).id },
      body: { into: (await world.spare(subject)).id },
    }),
  ),

  streams: ofPatient(),
  trend: ofPatient({ query: { ...span, buckets: 50 } }),
  waveform: about(({ id, waveformId }) => ({
    params: { id },
    query: { from: span.to - 3_600_000 - 320_000, to: span.to - 3_600_000 - 270_000, stream: waveformId },
  })),
  waveformOverview: about(({ id, waveformId }) => ({
    params: { id },
    query: { ...span, stream: waveformId, buckets: 50 },
  })),
  confirmExpectation: about(({ id, streamId }) => ({ params: { id, streamId }, body: { intervalMs: 5000 } })),
  streamsOfPatients: about(({ id }) => ({ query: { patient: id } })),
  newestReadings: about(({ id }) => ({ query: { patient: id } })),
  rawReadings: about(({ streamId }) => ({ query: { ...span, stream: streamId } })),
  streamTrend: about(({ streamId }) => ({ query: { ...span, stream: streamId, buckets: 50 } })),
  waveformPieces: about(({ waveformId }) => ({ query: { ...span, stream: waveformId } })),
  waveformExtremes: about(({ waveformId }) => ({ query: { ...span, stream: waveformId, buckets: 50 } })),

  alarms: plain(),
  patientAlarms: ofPatient({ query: span }),
  acknowledge: about(
    ({ alarm }) => ({ params: { id: alarm.id }, body: { revision: alarm.revision } }),
    async (world, _subject, target) => {
      // What ends or changes by itself meanwhile need not be answered any more.
      for (const alarm of await house<{ id: string; patientId: string; revision: number; state: string }[]>(
        world,
        "GET",
        "/alarms",
      ))
        if (alarm.patientId === target.id && alarm.state === "raised")
          await house(world, "POST", `/alarms/${alarm.id}/acknowledge`, { revision: alarm.revision }).catch(() => {});
      const alarm = await raise(world.home, target, bed());
      return { params: { id: alarm.id }, body: { revision: alarm.revision }, shows: [alarm.id, target.id] };
    },
  ),
  limits: ofPatient(),
  setLimits: about(
    ({ id }) => ({ params: { id }, body: { limits: [LIMIT] } }),
    // As who asks sees them: what is kept from the house's own program would look as if nobody had set it.
    async (world, subject, { id }) => {
      const path = `/api/patients/${id}/limits`;
      const { status, bytes } = await world.server.ask({ method: "GET", path, headers: subject.headers });
      const { limits } = (status === 200 ? JSON.parse(bytes.toString("utf8")) : { limits: [] }) as {
        limits: { signal: string; revision: string }[];
      };
      const seen = limits.find(({ signal }) => signal === LIMIT.signal)?.revision ?? null;
      return { params: { id }, body: { limits: [{ ...LIMIT, seen }] } };
    },
  ),
  chooseProfile: about(
    ({ id }) => ({ params: { id }, body: { ageGroup: "adult", confirm: true } }),
    toSpare((id) => ({ params: { id }, body: { ageGroup: "adult", confirm: true }, shows: ["adult"] })),
  ),
  standby: ofPatient(),
  startStandby: about(
    (known) => ({ params: { id: known.id }, body: { reason: reasonOf(known), minutes: 5 } }),
    async (_world, _subject, known) => ({ params: { id: known.id }, body: { reason: reasonOf(known), minutes: 5 } }),
  ),
  endStandby: about(
    ({ id, standbyId }) => ({ params: { id, standbyId } }),
    async (world, _subject, { id }) => {
      const standby = await house(world, "POST", `/patients/${id}/standby`, { reason: "bath", minutes: 5 });
      return { params: { id, standbyId: standby.id } };
    },
  ),

  amendments: ofPatient(),
  amend: about((known) => ({
    params: { id: known.id },
    body: { kind: "entered-in-error", streamId: known.streamId, at: nextTime(known), reason: reasonOf(known) },
  })),
  withdrawAmendment: about(
    ({ id, amendmentId }) => ({ params: { id, amendmentId }, body: withdraw }),
    async (world, _subject, known) => {
      const body = { kind: "entered-in-error", streamId: known.streamId, at: nextTime(known), reason: "wrong arm" };
      const { id: amendmentId } = await house(world, "POST", `/patients/${known.id}/amendments`, body);
      return { params: { id: known.id, amendmentId }, body: withdraw };
    },
  ),
  relations: ofPatient(),
  relate: about(
    ({ id }) => ({ params: { id }, body: { personId: NOBODY, relation: "family", reason: "a daughter" } }),
    async (world, _subject, { id }) => {
      const { person } = await world.newPerson("family");
      return { params: { id }, body: { personId: person.id, relation: "family", reason: "a daughter" } };
    },
  ),
  endRelation: about(
    ({ id, relationId }) => ({ params: { id, relationId } }),
    async (world, _subject, { id }) => {
      const { person } = await world.newPerson("family");
      const relation = { personId: person.id, relation: "family", reason: "a son" };
      const { id: relationId } = await house(world, "POST", `/patients/${id}/relations`, relation);
      return { params: { id, relationId } };
    },
  ),
  stateFact: about(
    (known) => ({ params: { id: known.id }, body: { fact: "deceased", reason: "an error" } }),
    toSpare((id) => ({ params: { id }, body: { fact: "incapacity", reason: "asleep" } })),
  ),
  endFact: about(
    ({ id, factId }) => ({ params: { id, factId } }),
    toSpare(
      (id) => ({ params: { id } }),
      async (world, id) => {
        const fact = await house(world, "POST", `/patients/${id}/facts`, { fact: "incapacity", reason: "asleep" });
        return { params: { factId: fact.id } };
      },
    ),
  ),

  deviceTypes: plain(),
  devices: plain(),
  device: about(({ deviceId }) => ({ params: { deviceId } })),
  addDevice: plain({}, async () => ({ body: { id: bed(), type: "generic" } })),
  rotateToken: about(({ deviceId }) => ({ params: { deviceId } }), spareDevice()),
  describeDevice: about(
    ({ deviceId }) => ({ params: { deviceId }, body: description }),
    spareDevice({ body: description }),
  ),
  // No clock of this world is in doubt.
  decideClock: {
    ...about(({ deviceId }) => ({ params: { deviceId }, body: { seen: 1, leadsTo: "kept", reason: "looked at it" } })),
    isRefusedHere: true,
  },
  revokeDevice: about(({ deviceId }) => ({ params: { deviceId } }), spareDevice()),
  deviceCredentials: about(({ deviceId }) => ({ params: { deviceId } })),
  revokeCredential: about(
    ({ deviceId }) => ({ params: { deviceId, id: NOBODY } }),
    async (world) => {
      const { deviceId } = await world.spareDevice();
      const { credentials } = await house<{ credentials: { id: string }[] }>(
        world,
        "GET",
        `/devices/${deviceId}/credentials`,
      );
      return { params: { deviceId, id: credentials[0]?.id ?? "" }, shows: [] };
    },
  ),
  issueCertificate: about(({ deviceId }) => ({ params: { deviceId }, body: {} }), spareDevice({ body: {} })),
  newClaimCode: about(({ deviceId }) => ({ params: { deviceId }, body: {} }), spareDevice({ body: {}, shows: [] })),
  setCharge: about(
    ({ deviceId }) => ({ params: { deviceId }, body: { deviceId: "gateway-zq", isInCharge: true } }),
    async (world) => {
      const [gateway, device] = [await world.spareDevice(), await world.spareDevice()];
      const body = { deviceId: device.deviceId, isInCharge: true };
      return { params: { deviceId: gateway.deviceId }, body, shows: [device.deviceId] };
    },
  ),
  gateway: about(({ deviceId }) => ({ params: { deviceId } })),
  configureGateway: about(
    ({ deviceId }) => ({ params: { deviceId }, body: { seen: 0 } }),
    spareDevice({ body: { seen: 0 }, shows: [] }),
  ),
  restoreGateway: about(
    ({ deviceId }) => ({ params: { deviceId }, body: { seen: 0, revision: 0 } }),
    spareDevice({ body: { seen: 0, revision: 0 }, shows: [] }),
  ),
  assign: about(
    ({ id }) => ({ params: { deviceId: "gateway-zq" }, body: { patientId: id } }),
    async (world, _subject, { id }) => spareDevice({ body: { patientId: id } })(world),
  ),
  release: about(
    ({ deviceId }) => ({ params: { deviceId } }),
    async (world, _subject, { id }) => {
      const { deviceId } = await world.spareDevice();
      await house(world, "POST", `/devices/${deviceId}/assign`, { patientId: id });
      return { params: { deviceId }, shows: [deviceId] };
    },
  ),

  fleet: plain(),
  completeness: plain({ query: { by: "patient", days: 2 } }),
  patientCompleteness: ofPatient({ query: { day: new Date().toISOString().slice(0, 10) } }),
  deviceCompleteness: about(({ deviceId }) => ({
    params: { deviceId },
    query: { day: new Date().toISOString().slice(0, 10) },
  })),
  endings: plain(),

  quarantine: plain({ query: { state: "open" } }),
  quarantineCounts: plain(),
  quarantineRuns: plain(),
  startQuarantineRun: plain({ body: { device: "nobody-zq" } }),
  quarantineRun: plain({ params: { id: NOBODY } }, async (world, subject) => ({
    params: await lookedRun(world, subject),
  })),
  applyQuarantineRun: plain({ params: { id: NOBODY }, body: { reason: "late" } }, async (world, subject) => ({
    params: await lookedRun(world, subject),
    body: { reason: "late" },
  })),
  undoQuarantineRun: plain({ params: { id: NOBODY }, body: { reason: "wrong" } }, async (world, subject) => {
    const params = await lookedRun(world, subject);
    await asked(world, subject, "POST", `/quarantine/runs/${params.id}/apply`, { reason: "late" });
    await phaseOf(world, subject, params.id, "applied");
    return { params, body: { reason: "wrong" } };
  }),
  quarantined: about(({ quarantineId }) => ({ params: { id: quarantineId } })),
  claim: about(
    ({ quarantineId, id }) => ({ params: { id: quarantineId }, body: { patientId: id } }),
    async (world, _subject, { id }) => ({ params: { id: await entry(world) }, body: { patientId: id } }),
  ),
  dismiss: about(
    ({ quarantineId }) => ({ params: { id: quarantineId }, body: { reason: "nobody's" } }),
    async (world) => {
      const id = await entry(world);
      return { params: { id }, body: { reason: "nobody's" }, shows: [id] };
    },
  ),
  reprocess: about(({ id }) => ({ body: { ...span, patientId: id } })),
  accessHistory: ofPatient(),
  audit: plain({ query: { limit: 1000 } }),

  exportPatient: ofPatient({ body: { reason: "asked for by letter" } }),
  disclosures: ofPatient(),
  breach: { isAbout: false, ask: (_, { home }) => ({ query: { ...span, by: home.token.slice(0, 8) } }) },
  findRecord: about(({ mrn }) => ({ body: { mrn } })),
  holds: plain(),
  placeHold: about(
    ({ mrn }) => ({ body: { patient: mrn, reason: "a claim in court" } }),
    async (world, subject) => {
      const { id, mrn } = await world.spare(subject, false);
      return { body: { patient: mrn, reason: "a claim in court" }, shows: [id] };
    },
  ),
  endHold: plain({ params: { id: NOBODY }, body: { reason: "settled" } }, async (world, subject) => {
    const { mrn } = await world.spare(subject, false);
    const hold = await house(world, "POST", "/rights/holds", { patient: mrn, reason: "a claim in court" });
    return { params: { id: hold.id }, body: { reason: "settled" } };
  }),

  people: plain(),
  launchApp: {
    ...about(
      ({ id }) => ({ body: { clientId: NOBODY, patientId: id } }),
      async ({ server, home }, _subject, { id }) => {
        const how = {
          name: "Launched",
          kind: "public",
          scope: "launch patient/*.rs",
          redirectUris: ["http://127.0.0.1:1/"],
        } as const;
        const { client } = await server.foundation.clients.add(
          home.organisationId,
          { ...how, launchUri: "http://127.0.0.1:1/launch" },
          "test",
        );
        return { body: { clientId: client.id, patientId: id } };
      },
    ),
    isForPeople: true,
  },
  launchableApps: plain(),
  applications: plain(),
  addApplication: plain({}, async () => ({ body: APPLICATION })),
  rotateApplication: plain({ params: { id: NOBODY }, body: {} }, async (world) => ({
    params: { id: await application(world) },
    body: {},
  })),
  disableApplication: plain({ params: { id: NOBODY } }, async (world) => ({
    params: { id: await application(world) },
  })),
  addPerson: plain({}, async () => ({ body: { display: "Nia Berg", role: "nurse" } })),
  changePerson: plain({ params: { id: NOBODY } }, async (world) => ({
    ...(await personOf("nurse")(world)),
    body: { display: "Nia Lie" },
  })),
  disablePerson: plain({ params: { id: NOBODY } }, personOf("nurse")),
  enablePerson: plain({ params: { id: NOBODY } }, personOf("nurse")),
  newLink: plain({ params: { id: NOBODY } }, personOf("nurse")),

  grants: about(({ id }) => ({ query: { patient: id } })),
  addGrant: about(({ id }) => ({
    body: {
      grantee: { kind: "role", role: "nobody" },
      reach: { kind: "patient", patientId: id },
      purpose: "care",
      basis: "care-team",
    },
  })),
  endGrant: about(
    ({ grantId }) => ({ params: { id: grantId }, body: {} }),
    async (world, _subject, { id }) => {
      const grant = {
        grantee: { kind: "role", role: "nobody" },
        reach: { kind: "patient", patientId: id },
        purpose: "care",
        basis: "care-team",
      };
      return { params: { id: (await house(world, "POST", "/grants", grant)).id }, body: {} };
    },
  ),
  breakGlass: {
    ...about(
      ({ mrn }) => ({ body: { patient: mrn, reason: EMERGENCY, confirm: true } }),
      async (world, subject) => {
        const { id, mrn } = await world.spare(subject, false);
        return { body: { patient: mrn, reason: EMERGENCY, confirm: true }, shows: [id] };
      },
    ),
    isForPeople: true,
  },
  glassBroken: { isAbout: false, ask: (_, { known }) => ({ shows: [known.glass.id] }) },
  reviewGlass: plain({ params: { id: NOBODY } }, async (world) => ({
    params: { id: await broken(world) },
    body: { outcome: "justified" },
    shows: [world.known.glass.id],
  })),
  myBrokenGlass: plain(),
  endBreakGlass: {
    ...plain({ params: { id: NOBODY } }, async (world, subject) => {
      const { mrn } = await world.spare(subject, false);
      const { id } = await json<{ id: string }>(world.server, {
        method: "POST",
        path: "/api/break-glass",
        headers: subject.headers,
        body: { patient: mrn, reason: EMERGENCY, confirm: true },
      });
      return { params: { id } };
    }),
    isForPeople: true,
  },
  unwatched: plain(),
  patientMonitoring: ofPatient(),
  patientGrants: ofPatient(),
  patientConsents: ofPatient(),
  writeConsent: about(
    ({ id }) => ({ params: { id }, body: WISH }),
    toSpare((id) => ({ params: { id }, body: WISH })),
  ),
  withdrawConsent: about(
    ({ id }) => ({ params: { id, consentId: NOBODY }, body: {} }),
    toSpare(
      (id) => ({ params: { id }, body: {} }),
      async (world, id) => {
        const { id: consentId } = await house(world, "POST", `/patients/${id}/consents`, WISH);
        return { params: { consentId } };
      },
    ),
  ),
  explainHidden: {
    isAbout: false,
    ask: (_, { known, subjects }) => ({
      query: { patient: known.own.id, person: subjects.find(({ name }) => name === "nurse (own)")?.id ?? NOBODY },
    }),
  },
};

const LIMIT = {
  signal: "spo2",
  low: 85,
  high: null,
  criticalLow: null,
  criticalHigh: null,
  priority: "low",
  delayMs: 0,
  hysteresis: 0,
  latching: false,
  enabled: true,
};
