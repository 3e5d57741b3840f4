import { type Person, type PrincipalRole, ROLES, type Role } from "@openward/model";
import type { Foundation } from "../../server/foundation.ts";
import { newApplications } from "./applications.ts";
import { KEEPINGS, type Keeping, keepBack, withHeartAlarm } from "./kept.ts";
import type { Known } from "./marks.ts";
import { bearer, type House, newDevice, newKnown, newPatient } from "./patients.ts";
import { startTestServer, type TestServer } from "./server.ts";

/** How a patient stands to who asks. */
export const RELATIONS = [
  "own",
  "other patient",
  "other organisation",
  "no grant",
  "expired",
  "break-glass",
  "no consent to a kind",
  "no consent",
] as const;
export type Standing = (typeof RELATIONS)[number];

/** Somebody or something that asks. */
export interface Subject {
  readonly name: string;
  readonly kind: "person" | "token" | "kiosk" | "app" | "device" | "gateway" | "nobody";
  readonly role: PrincipalRole | null;
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  /** About whom it is asked, and as what. */
  readonly targets: ReadonlyMap<Standing, Known>;
  /** Keys of the patients whom a grant shows. */
  readonly sees: ReadonlySet<string>;
  /** Of those who are seen: what a patient keeps back all the same. */
  readonly keeps: ReadonlyMap<string, Keeping>;
  /** Keys of those beside whom they stand. */
  readonly related: ReadonlySet<string>;
  /** Of an application. */
  readonly scopes?: string;
}

export interface World {
  readonly server: TestServer;
  readonly home: House;
  /** Own, other, of the other organisation, the one for whom the glass is broken, and the one who keeps something back. */
  readonly known: Readonly<Record<"own" | "other" | "foreign" | "glass" | "kept", Known>>;
  readonly subjects: readonly Subject[];
  /** Of each organisation somebody who works there. */
  readonly staff: ReadonlyMap<string, string>;
  /** A patient and a device that nobody asks about but this once; the subject sees them. */
  spare(subject: Subject, granted?: boolean): Promise<{ id: string; mrn: string; bed: string }>;
  spareDevice(): Promise<{ deviceId: string; token: string }>;
  newPerson(role: Role): Promise<{ person: Person; cookie: string }>;
  close(): Promise<void>;
}

const HOUR = 3_600_000;

export async function startWorld(change?: (foundation: Foundation) => Foundation): Promise<World> {
  const server = await startTestServer(change ? { change } : {});
  try {
    return await seed(server);
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function seed(server: TestServer): Promise<World> {
  const { foundation } = server;
  const { access, wards, people, relations } = foundation;
  const houseOf = async (organisationId: string, wardId: string): Promise<House> => {
    const { token } = await access.issueToken(organisationId, "administrator", "house", HOUR, "test");
    const { token: writer } = await access.issueToken(organisationId, "integration", "writer", HOUR, "test");
    return { server, organisationId, wardId, token, writer };
  };
  const [organisation] = await wards.organisations();
  if (!organisation) throw new Error("a server that has started has an organisation");
  const [ward] = await wards.list(organisation.id);
  const home = await houseOf(organisation.id, ward?.id ?? "");
  const elsewhere = await wards.createOrganisation("Elsewhere", false);
  const away = await houseOf(elsewhere.id, (await wards.create(elsewhere.id, "Their ward", "Europe/Oslo", "test")).id);
  // Only the first lies where the screen on the wall hangs.
  const beside = { ...home, wardId: (await wards.create(organisation.id, "Ward beside", "Europe/Oslo", "test")).id };
  const [own, other, foreign, glass, kept] = await Promise.all([
    newKnown(home, "own", 1),
    newKnown(beside, "other", 2),
    newKnown(away, "foreign", 3),
    newKnown(beside, "glass", 4),
    newKnown(beside, "kept", 5).then((one) => withHeartAlarm(beside, one)),
  ]);
  const known = { own, other, foreign, glass, kept };
  const keptFrom = {
    heart: [] as string[],
    everything: [] as string[],
    breathing: [] as string[],
    tokens: [] as string[],
  };

  let count = 0;
  async function newPerson(
    role: Role,
    organisationId = organisation?.id ?? "",
  ): Promise<{ person: Person; cookie: string }> {
    const person = await people.create(organisationId, `${role} ${++count}`, role, "test");
    const { token } = await access.issueLink(person.id, "test");
    const { cookie } = await access.signIn(token);
    return { person, cookie: cookie.slice(0, cookie.indexOf(";")) };
  }
  const forPatient = (id: string, patientId: string) =>
    ({
      grantee: { kind: "person", id },
      reach: { kind: "patient", patientId },
      purpose: "care",
      basis: "care-team",
    }) as const;

  async function ofRole(role: Role): Promise<Subject[]> {
    const [granted, none, expired, inEmergency] = await Promise.all([1, 2, 3, 4].map(() => newPerson(role)));
    if (!granted || !none || !expired || !inEmergency) throw new Error("four of them were made");
    const subject = (
      { person, cookie }: { person: Person; cookie: string },
      targets: [Standing, Known][],
      sees: string[],
      related: string[] = [],
      keeping?: Keeping,
    ): Subject => ({
      name: `${role} (${targets[0]?.[0]})`,
      kind: "person",
      role,
      id: person.id,
      headers: { cookie, origin: server.url },
      targets: new Map(targets),
      sees: new Set([...sees, ...(keeping ? [kept.key] : [])]),
      keeps: new Map(keeping ? [[kept.key, keeping]] : []),
      related: new Set(related),
    });
    await access.grants.add(home.organisationId, [forPatient(granted.person.id, own.id)], "test");
    await foundation.database.owner.query(
      `INSERT INTO access_grant (id, organisation_id, grantee_kind, grantee_id, patient_id, purpose, basis, from_at, to_at, created_at, created_by)
       VALUES (gen_random_uuid(), $1, 'person', $2, $3, 'care', 'care-team', 1, $4, 1, 'test')`,
      [home.organisationId, expired.person.id, own.id, Date.now() - 1000],
    );
    const mayBreak = role === "nurse" || role === "physician";
    const principal = { ...inEmergency.person, kind: "person" } as const;
    if (mayBreak)
      await access.breakGlass.open(principal, { patient: glass.mrn, reason: "unconscious in the corridor" });
    const isRelated = role === "patient" || role === "family";
    if (isRelated) {
      const relation = role === "patient" ? "self" : "guardian";
      const how = { personId: granted.person.id, relation, reason: "as the register says" } as const;
      await relations.relate(home.organisationId, own.id, how, "test");
    }
    const isOfWard = !["patient", "family", "researcher", "privacy-officer"].includes(role);
    // Who was granted sees less of the one who keeps something back; of those without a grant one of each role sees least.
    const { kind, rest, everything } = KEEPINGS;
    if (isOfWard) {
      const both = [granted, none].map(({ person }) => forPatient(person.id, kept.id));
      await access.grants.add(home.organisationId, both, "test");
      keptFrom.heart.push(granted.person.id);
      keptFrom.everything.push(none.person.id);
    } else if (role === "family") keptFrom.breathing.push(none.person.id);
    else if (role === "researcher") {
      const cohort = { purpose: "research", basis: "research-cohort" } as const;
      await access.grants.add(home.organisationId, [{ ...forPatient(none.person.id, kept.id), ...cohort }], "test");
    }
    const isShared = role === "family" || role === "researcher";
    return [
      subject(
        granted,
        [
          ["own", own],
          ["other patient", other],
          ["other organisation", foreign],
          ...(isOfWard ? [["no consent to a kind", kept] satisfies [Standing, Known]] : []),
        ],
        isOfWard || isRelated ? [own.key] : [],
        isRelated ? [own.key] : [],
        isOfWard ? kind : undefined,
      ),
      subject(
        none,
        [
          ["no grant", own],
          [isShared ? "no consent to a kind" : "no consent", kept],
        ],
        [],
        [],
        isOfWard ? everything : isShared ? rest : undefined,
      ),
      subject(expired, [["expired", own]], []),
      subject(inEmergency, [["break-glass", glass]], mayBreak ? [glass.key] : []),
    ];
  }

  const whole = [own.key, other.key, glass.key, kept.key];
  const plain = (
    name: string,
    kind: Subject["kind"],
    headers: Subject["headers"],
    more: Partial<Subject> = {},
  ): Subject => ({
    name,
    kind,
    role: null,
    id: "",
    headers,
    targets: new Map<Standing, Known>([
      ["own", own],
      ["other patient", other],
      ["other organisation", foreign],
    ]),
    sees: new Set(),
    keeps: more.sees?.has(kept.key) ? new Map([[kept.key, KEEPINGS.kind]]) : new Map(),
    related: new Set(),
    ...more,
  });
  async function tokenOf(role: Role, isEnded: boolean): Promise<Subject> {
    const { token } = await access.issueToken(home.organisationId, role, "program", HOUR, "test");
    const signedIn = await access.authenticate(bearer(token));
    const id = signedIn?.principal.id ?? "";
    const targets = new Map<Standing, Known>(
      isEnded
        ? [["expired", own]]
        : [
            ["own", own],
            ["other organisation", foreign],
            ["no consent to a kind", kept],
          ],
    );
    if (isEnded) {
      const [grant] = await access.grants.list(home.organisationId, { principalId: id });
      await access.grants.end(home.organisationId, grant?.id ?? "", "test", null);
    }
    return plain(`token, ${role}${isEnded ? ", grant ended" : ""}`, "token", bearer(token), {
      role,
      id,
      targets,
      sees: new Set(isEnded ? [] : whole),
    });
  }
  const tokens = [
    await tokenOf("integration", false),
    await tokenOf("nurse", false),
    await tokenOf("integration", true),
  ];
  const roles = (await Promise.all(ROLES.map(ofRole))).flat();
  await keepBack(home, kept, { ...keptFrom, tokens: tokens.map(({ id }) => id) });
  const stranger = await newPerson("nurse", elsewhere.id);
  const nurse = roles.find(({ name }) => name === "nurse (own)")?.id ?? "";
  const staff = new Map([
    [home.organisationId, nurse],
    [elsewhere.id, stranger.person.id],
  ]);
  const apps = await newApplications(server, home, {
    own,
    nurse,
  });
  const gateway = await newDevice(home, "gateway-zq", "generic");
  await foundation.devices.takeCharge(home.organisationId, gateway.deviceId, own.deviceId, "test");
  const basic = (id: string, token: string) => ({
    authorization: `Basic ${Buffer.from(`${id}:${token}`).toString("base64")}`,
  });
  const subjects = [
    ...roles,
    ...tokens,
    await newWall(home, plain, own),
    ...apps.map(({ name, token, sees, scopes }) => plain(name, "app", bearer(token), { sees: new Set(sees), scopes })),
    plain("device", "device", basic(own.deviceId, own.token)),
    plain("gateway", "gateway", basic(gateway.deviceId, gateway.token)),
    plain("nobody", "nobody", {}),
  ];

  let spares = 0;
  return {
    server,
    home,
    known,
    subjects,
    staff,
    newPerson,
    spareDevice: () => newDevice(home, `spare-device-${++spares}`),
    async spare(subject, granted = true) {
      const patient = await newPatient(home, `spare${++spares}`);
      const grantee = { kind: subject.kind === "token" ? "token" : "person", id: subject.id } as const;
      if (granted)
        await access.grants.add(home.organisationId, [{ ...forPatient(subject.id, patient.id), grantee }], "test");
      return patient;
    },
    close: server.close,
  };
}

type Plain = (name: string, kind: Subject["kind"], headers: Subject["headers"], more?: Partial<Subject>) => Subject;

/** A screen on the wall of the ward on which the first patient lies. */
async function newWall({ server, organisationId, wardId }: House, plain: Plain, own: Known): Promise<Subject> {
  const { kiosks } = server.foundation.access;
  const asked = { name: "Corridor", wardId, shows: "initials", takesBadges: true } as const;
  const { kiosk, code } = await kiosks.add(organisationId, asked, "test");
  const { cookie } = await kiosks.enrol(code);
  return plain(
    "kiosk",
    "kiosk",
    { cookie: cookie.slice(0, cookie.indexOf(";")), origin: server.url },
    { role: "kiosk", id: kiosk.id, sees: new Set([own.key]) },
  );
}
