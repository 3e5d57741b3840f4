import type { Definitions } from "../data.ts";
import { backport } from "./backport.ts";
import { balp } from "./balp.ts";
import { cgm } from "./cgm.ts";
import { openward } from "./openward.ts";
import { pcf } from "./pcf.ts";
import { phd } from "./phd.ts";
import { pocd } from "./pocd.ts";
import { smart } from "./smart.ts";

/** What is restated here of the guides that resources may declare. */
export const guides: readonly Definitions[] = [balp, pcf, phd, pocd, cgm, smart, backport, openward];

/** Addresses of a guide's profiles of a type. */
export const profilesOf = (type: string): readonly string[] =>
  guides.flatMap(({ profiles }) => Object.entries(profiles).flatMap(([url, of]) => (of.type === type ? [url] : [])));
