import { type Route, routes } from "@openward/api";

/** Of a request that reads a row or two. */
const PLAIN = 1;
const SEARCH = 5;
const HEAVY = 20;
/** Signs, or has a program of many steps behind it. */
const TOKEN = 5;

/** Each route of /api that has a cost of its own, as a pattern of its path. */
const costly = (Object.values(routes) as Route[])
  .filter(({ cost }) => cost !== undefined)
  .map(({ method, path, cost }) => ({
    method,
    path: new RegExp(`^${path.replaceAll(/:[^/]+/g, "[^/]+")}$`),
    cost: cost as number,
  }));

/**
 * What a request costs, in reads of a row; undefined: it is not limited. 0: an alarm is seen and answered, whoever has spent what.
 *
 * @param url as it came, with its query
 */
export function costOf(method: string, url: string): number | undefined {
  const [path = "", query = ""] = url.split("?", 2);
  if (path.startsWith("/fhir")) return costOfFhir(method, path, query);
  if (path.startsWith("/oauth/")) return TOKEN;
  if (!path.startsWith("/api/")) return undefined;
  return costly.find((route) => route.method === method && route.path.test(path))?.cost ?? PLAIN;
}

/** Included resources, history, batches and whole records are many reads each. */
function costOfFhir(method: string, path: string, query: string): number {
  if (/^\/fhir\/?$/.test(path) || /\/(\$[\w-]+|_history)(\/|$)/.test(path) || /(^|&)_(rev)?include/.test(query))
    return HEAVY;
  const isRead = method === "GET" && /^\/fhir\/[A-Za-z]+\/[^/_$]+/.test(path);
  return isRead || path === "/fhir/metadata" ? PLAIN : SEARCH;
}
