import type { Driver, Identity } from "./driver.ts";

/** What a device says of itself: the facts of the raw door's `device-information`, its advertisement, its label. */
export interface DeviceIdentity {
  /** Device identifier of its UDI. */
  readonly di?: string | null;
  readonly manufacturer?: string | null;
  readonly model?: string | null;
  readonly name?: string | null;
  readonly services?: readonly string[];
  readonly companies?: readonly number[];
  readonly mds?: readonly number[];
}

export interface DriverMatch {
  readonly driver: Driver;
  /** What decided. A profile ("service", "mds") tells what kind of device it is, not whose model. */
  readonly by: "udi" | "model" | "name" | "mds" | "service";
}

const RANK = { udi: 5, model: 4, name: 3, mds: 2, service: 1 } as const;

/**
 * The driver that fits best to what a device says of itself; `undefined` where nothing fits, or where two kinds of
 * device fit equally well: then a person decides.
 */
export function matchDriver(identity: DeviceIdentity, among: readonly Driver[]): DriverMatch | undefined {
  let best: (DriverMatch & { readonly weight: number }) | undefined;
  let isTied = false;
  for (const driver of among) {
    const by = fitOf(driver.identity, identity);
    if (by === undefined) continue;
    const weight = RANK[by] * 100 + shared(driver.identity.services, identity.services);
    if (best && weight < best.weight) continue;
    const isTie = best?.weight === weight;
    if (isTie) isTied ||= best?.driver.kind !== driver.kind;
    else isTied = false;
    // Of equals of one kind the first one stands: the order is that of the registry.
    if (!isTie) best = { driver, by, weight };
  }
  return best && !isTied ? { driver: best.driver, by: best.by } : undefined;
}

function fitOf(own: Identity, said: DeviceIdentity): DriverMatch["by"] | undefined {
  if (said.di && own.di?.includes(said.di)) return "udi";
  // Who says another maker is another device, however alike the names are.
  if (said.manufacturer && own.manufacturer && !whole(own.manufacturer, said.manufacturer)) return undefined;
  if (said.model && own.model) {
    if (!whole(own.model, said.model)) return undefined;
    // A short model number alone ("3230") is nobody's: its maker has to be said with it, or its name.
    if (said.manufacturer && own.manufacturer) return "model";
  }
  if (said.name && own.name && whole(own.name, said.name)) return "name";
  if (said.mds?.some((code) => own.mds?.includes(code))) return "mds";
  const isProfile = own.name === undefined && own.model === undefined;
  if (isProfile && own.services && shared(own.services, said.services) === own.services.length) return "service";
  return undefined;
}

/**
 * What a device says that does not fit the type it is registered as; `undefined`: nothing speaks against it.
 *
 * @param registered the driver of its type; one that is generic fits everything
 */
export function misfit(
  registered: Driver,
  identity: DeviceIdentity,
  among: readonly Driver[],
): DriverMatch | undefined {
  if (registered.kind === "generic") return undefined;
  const match = matchDriver(identity, among);
  if (!match) return undefined;
  if (match.driver.kind !== registered.kind) return match;
  const isModel = RANK[match.by] >= RANK.name;
  // The registered one is a type or a profile: any model of that kind fits it.
  const isRegisteredModel = registered.identity.model !== undefined || registered.identity.name !== undefined;
  return isModel && isRegisteredModel && match.driver.key !== registered.key ? match : undefined;
}

const whole = (pattern: RegExp, text: string) => new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(text.trim());

function shared(own: readonly string[] = [], said: readonly string[] = []): number {
  const lower = new Set(said.map((service) => service.toLowerCase()));
  return own.filter((service) => lower.has(service)).length;
}
