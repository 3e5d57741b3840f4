/** A collection of documents, as Nightscout has them. */
export interface Collection {
  readonly name: string;
  /** The codec that says what of a document is measured. */
  readonly codec: string;
  /** Fields that say when it was, the one that counts first. */
  readonly times: readonly string[];
  /** The one that v1 looks at where a question says no time. */
  readonly asked: "date" | "created_at" | "startDate";
  /** How many v1 answers with where nobody says. */
  readonly count: number;
  /** So many with `find`. */
  readonly countFound: number;
  /** Which kind of data it is: what is hidden of this signal is hidden of it. */
  readonly signal: string;
  /** Documents of it are let go after so long: they tell how something is, not how it was. */
  readonly keptMs: number | null;
}

const DAY_MS = 86_400_000;
const TREATMENT_TIMES = ["date", "created_at", "mills", "timestamp", "sysTime"];

const all: readonly Collection[] = [
  {
    name: "entries",
    codec: "nightscout/entries",
    times: ["date", "mills", "dateString", "sysTime", "created_at"],
    asked: "date",
    count: 10,
    countFound: 10,
    signal: "glucose-interstitial",
    keptMs: null,
  },
  {
    name: "treatments",
    codec: "nightscout/treatments",
    times: TREATMENT_TIMES,
    asked: "created_at",
    count: 100,
    countFound: 1_000,
    signal: "insulin-bolus",
    keptMs: null,
  },
  {
    name: "devicestatus",
    codec: "nightscout/devicestatus",
    times: ["date", "created_at", "mills", "timestamp"],
    asked: "created_at",
    count: 10,
    countFound: 10,
    signal: "insulin-on-board",
    keptMs: 30 * DAY_MS,
  },
  {
    name: "profile",
    codec: "nightscout/profile",
    times: ["date", "startDate", "created_at", "mills"],
    asked: "startDate",
    count: 10,
    countFound: 10,
    signal: "insulin-basal-rate-setting",
    keptMs: null,
  },
  {
    name: "food",
    codec: "nightscout/food",
    times: ["date", "created_at"],
    asked: "created_at",
    count: 1_000,
    countFound: 1_000,
    signal: "carbohydrate-intake",
    keptMs: null,
  },
  {
    name: "settings",
    codec: "nightscout/settings",
    times: ["date", "created_at"],
    asked: "created_at",
    count: 10,
    countFound: 10,
    signal: "insulin-basal-rate-setting",
    keptMs: null,
  },
  {
    name: "activity",
    codec: "nightscout/activity",
    times: ["timeStamp", "created_at", "date"],
    asked: "created_at",
    count: 10,
    countFound: 1_000,
    signal: "pulse-rate",
    keptMs: null,
  },
];

const byName = new Map(all.map((collection) => [collection.name, collection]));

export const findCollection = (name: string): Collection | undefined => byName.get(name);

/** Those that v3 has. */
export const v3Collections: readonly Collection[] = all.filter(({ name }) => name !== "activity");
