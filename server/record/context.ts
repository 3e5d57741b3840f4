import type { ObservationForms, Overlays, Resources } from "@openward/fhir/store";
import type { AppAccess, Organisation, PatientView } from "@openward/model";
import type { Clock, Ids } from "@openward/runtime";
import type { Turn } from "@openward/runtime/turns";
import type { Bulk } from "./bulk/jobs.ts";
import type { GraphQl } from "./graphql/index.ts";
import type { Happenings } from "./happenings/ports.ts";
import type { Imports } from "./import/jobs.ts";
import type {
  Amendments,
  AuditLog,
  Consents,
  Devices,
  DeviceUses,
  LimitsAt,
  Patients,
  People,
  Relations,
  Telemetry,
} from "./ports.ts";
import type { DeviceTypes } from "./resources/containment.ts";
import type { SummaryKind } from "./resources/observation-kind.ts";
import type { SearchCost } from "./search/observation-cost.ts";
import type { Subscriptions } from "./subscriptions/ports.ts";
import type { ObservationIntake } from "./write/ports.ts";

/** Where resources are kept as others wrote them. */
export interface Written {
  readonly resources: Resources;
  /** Which readings somebody has written a text about. */
  readonly overlays: Overlays;
  /** Observations of which only when and how much is kept. */
  readonly forms: ObservationForms;
  /** Of what is new. */
  readonly ids: Ids;
}

/** Everything that one request is answered from. */
export interface RecordContext {
  readonly telemetry: Telemetry;
  readonly amendments: Amendments;
  readonly audit: AuditLog;
  readonly consents: Consents;
  readonly patients: Patients;
  readonly people: People;
  readonly relations: Relations;
  readonly devices: Devices;
  readonly uses: DeviceUses;
  readonly typeOf: DeviceTypes;
  /** Left out: nothing is written. */
  readonly intake?: ObservationIntake | undefined;
  /** Left out: nothing is exported. */
  readonly bulk?: Bulk | undefined;
  /** Left out: nothing is brought in by files. */
  readonly imports?: Imports | undefined;
  /** Left out: there is nothing but what is made here. */
  readonly written?: Written | undefined;
  /** Left out: no alarms, events and stays are told of. */
  readonly happenings?: Happenings | undefined;
  /** Left out: nobody is told of anything. */
  readonly subscriptions?: Subscriptions | undefined;
  /** Left out: nothing is judged. */
  readonly limitsAt?: LimitsAt | undefined;
  /** Left out: there is none. */
  readonly graphql?: GraphQl | undefined;
  /** May an application be told of what sums up readings of a patient? Left out: whoever sees the readings may. */
  readonly reachesKind?: ((kind: SummaryKind, patientId: string) => boolean) | undefined;
  /** Left out: every search is run. */
  readonly cost?: SearchCost | undefined;
  readonly clock: Clock;
  /** Between any two resources that are made. */
  readonly turn: Turn;
  readonly organisation: Organisation;
  /** Nothing about a patient is answered but through this. */
  readonly view: PatientView;
  /** The application that asks, and what it may see of that at most; left out: nobody's application. */
  readonly app?: AppAccess | undefined;
  /** Absolute, without a slash at the end: "https://ward.example/fhir". */
  readonly base: string;
  /** Patients whom this transaction makes: its other entries may refer to them. */
  readonly made?: ReadonlySet<string>;
  /** `Prefer: handling=strict`: an unknown search parameter is an error and not only a remark. */
  readonly strict: boolean;
}
