import table from "./categories.json" with { type: "json" };

/** A kind of data that a patient shares or does not: each signal belongs to one. */
export interface DataCategory {
  readonly key: string;
  readonly display: string;
  /** As one would say it to a patient: "Share heart beat, pulse, ECG and blood pressure". */
  readonly words: string;
  /** A call for help reaches whoever takes care, whatever is not shared besides. */
  readonly isSafety?: boolean;
  readonly signals: readonly string[];
}

export const categories: readonly DataCategory[] = table.categories;

const OTHER = "other";
const bySignal = new Map(categories.flatMap(({ key, signals }) => signals.map((signal) => [signal, key] as const)));
const byKey = new Map(categories.map((category) => [category.key, category]));

export const findCategory = (key: string): DataCategory | undefined => byKey.get(key);

/** What no category names is `other`, so that it is hidden with everything and never by accident shown. */
export const categoryOf = (signal: string): string => bySignal.get(signal) ?? OTHER;

/** As far as it is needed here of a `PatientView`. */
interface View {
  has(patientId: string): boolean;
  hiddenOf(patientId: string): ReadonlySet<string> | undefined;
}

/** May who has this view see that this signal of the patient was measured at all? */
export function sees(
  view: View,
  { patientId, signal }: { readonly patientId: string; readonly signal: string },
): boolean {
  return view.has(patientId) && !isHidden(view, patientId, signal);
}

/** Of a patient who is seen: does consent hide this signal? What tells of no signal is not hidden. */
export function isHidden(view: Pick<View, "hiddenOf">, patientId: string, signal: string | null): boolean {
  return signal !== null && (view.hiddenOf(patientId)?.has(categoryOf(signal)) ?? false);
}
