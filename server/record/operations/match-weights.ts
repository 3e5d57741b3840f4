import type { Patient } from "@medplum/fhirtypes";
import { folded, jaroWinkler } from "./similarity.ts";

/**
 * How much more likely two descriptions are of one person than of two, as a power of two: what agrees adds, what differs takes
 * away, what one of them does not say is nothing (Fellegi and Sunter, "A theory for record linkage", 1969). The weights are
 * those of a register of some ten thousand; none of them alone makes a match.
 */
export interface Weighed {
  readonly weight: number;
  /** An identifier of one system is the same. */
  readonly isIdentified: boolean;
  /** Something speaks against it: another identifier of the same system, birth date or sex. */
  readonly isDoubtful: boolean;
  /** Family, given name and birth date are the same. */
  readonly isNamed: boolean;
}

export function weigh(a: Patient, b: Patient): Weighed {
  const identifier = identifierWeight(a, b);
  const name = nameWeight(a, b);
  const birth = birthWeight(a.birthDate, b.birthDate);
  const sex = sexWeight(a, b);
  const weight = identifier + name + birth + sex + phoneWeight(a, b) + addressWeight(a, b);
  return {
    weight,
    isIdentified: identifier >= SAME_IDENTIFIER,
    isDoubtful: identifier < 0 || birth < 0 || sex < 0 || name < 0,
    isNamed: name >= 12 && birth >= 8,
  };
}

const SAME_IDENTIFIER = 14;

function identifierWeight(a: Patient, b: Patient): number {
  const pairs = (a.identifier ?? []).flatMap((one) =>
    (b.identifier ?? [])
      .filter(({ system }) => (one.system ?? system) === system)
      .map((other) => [one.value, other.value] as const),
  );
  const all = pairs.flatMap(([one, other]) => (one && other ? [jaroWinkler(folded(one), folded(other))] : []));
  if (all.length === 0) return 0;
  const best = Math.max(...all);
  if (best === 1) return SAME_IDENTIFIER;
  // Two digits that changed their places are seen more often than two patients with such numbers.
  return best >= 0.95 ? 2 : -4;
}

interface Name {
  readonly family: string;
  readonly given: string;
}

/** Family and given name, each way round; a name that is text alone is read as it stands and turned. */
function namesOf({ name = [] }: Patient): Name[] {
  return name.flatMap(({ family, given, text }) => {
    if (family !== undefined || given !== undefined)
      return [{ family: folded(family ?? ""), given: folded((given ?? [])[0] ?? "") }];
    const words = (text ?? "")
      .split(/[\s,]+/)
      .map(folded)
      .filter(Boolean);
    const [first = "", last = ""] = [words[0], words.at(-1)];
    return text?.includes(",")
      ? [{ family: first, given: words[1] ?? "" }]
      : [{ family: last, given: words.length > 1 ? first : "" }];
  });
}

function nameWeight(a: Patient, b: Patient): number {
  const pairs = namesOf(a).flatMap((one) => namesOf(b).map((other) => [one, other] as const));
  if (pairs.length === 0) return 0;
  return Math.max(
    ...pairs.map(([one, other]) => {
      const straight = partWeight(one.family, other.family, 7) + partWeight(one.given, other.given, 5);
      // Typed into the wrong boxes.
      const turned = partWeight(one.family, other.given, 6) + partWeight(one.given, other.family, 5) - 2;
      return Math.max(straight, turned);
    }),
  );
}

function partWeight(a: string, b: string, same: number): number {
  if (a === "" || b === "") return 0;
  if (a === b) return same;
  const alike = jaroWinkler(a, b);
  if (alike >= 0.92) return same * 0.65;
  if (alike >= 0.85) return same * 0.3;
  if (a[0] === b[0] && (a.length === 1 || b.length === 1)) return 1;
  return -4;
}

function birthWeight(a: string | undefined, b: string | undefined): number {
  if (!a || !b) return 0;
  if (a === b) return 8;
  const [yearA = "", monthA = "", dayA = ""] = a.split("-");
  const [yearB = "", monthB = "", dayB = ""] = b.split("-");
  const isPart = a.length !== b.length;
  if (isPart) return b.startsWith(a) || a.startsWith(b) ? 3 : -6;
  if (yearA === yearB && monthA === dayB && dayA === monthB) return 4;
  const differing = [...a].filter((digit, i) => digit !== b[i]).length;
  if (differing === 1) return 3.5;
  const isTurned =
    differing === 2 &&
    [yearA + monthA + dayA, yearB + monthB + dayB]
      .map((text) => [...text].sort().join(""))
      .every((text, _, all) => text === all[0]);
  return isTurned ? 3 : -6;
}

function sexWeight({ gender: a }: Patient, { gender: b }: Patient): number {
  if (!a || !b || a === "unknown" || b === "unknown") return 0;
  return a === b ? 1 : -3;
}

function phoneWeight(a: Patient, b: Patient): number {
  const ofPhone = ({ telecom = [] }: Patient) =>
    telecom
      .flatMap(({ system, value }) => (value && system !== "email" ? [value.replaceAll(/\D/g, "").slice(-8)] : []))
      .filter((digits) => digits.length >= 6);
  const [one, other] = [ofPhone(a), ofPhone(b)];
  if (one.length === 0 || other.length === 0) return 0;
  return one.some((digits) => other.includes(digits)) ? 6 : -0.5;
}

function addressWeight(a: Patient, b: Patient): number {
  const pairs = (a.address ?? []).flatMap((one) => (b.address ?? []).map((other) => [one, other] as const));
  if (pairs.length === 0) return 0;
  return Math.max(
    ...pairs.map(([one, other]) => {
      const post =
        one.postalCode && other.postalCode ? (folded(one.postalCode) === folded(other.postalCode) ? 2.5 : -0.5) : 0;
      const line = partWeight(folded((one.line ?? []).join("")), folded((other.line ?? []).join("")), 4);
      return post + Math.max(-0.5, line);
    }),
  );
}
