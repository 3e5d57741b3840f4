import type { Bundle, BundleEntry, OperationOutcomeIssue, Resource } from "@medplum/fhirtypes";
import type { RecordContext } from "../context.ts";
import type { Query } from "./query.ts";

export interface SearchAnswer {
  /** What is searched, as it stands behind the base: "Patient", "Patient/1/Condition"; "": everything. */
  readonly type: string;
  readonly query: Pick<Query, "used" | "cursor" | "remarks">;
  readonly resources: readonly Resource[];
  /** Cursor of the next page, where there is one. */
  readonly next: string | undefined;
  readonly total: number | undefined;
  readonly remarks?: readonly OperationOutcomeIssue[];
}

/** A searchset with self and next links; what was not used stands in an OperationOutcome at its end. */
export function searchBundle({ base }: RecordContext, answer: SearchAnswer): Bundle {
  const { type, query, resources, next, total } = answer;
  const entry: BundleEntry[] = resources.map((resource) => ({
    fullUrl: `${base}/${resource.resourceType}/${resource.id}`,
    resource,
    search: { mode: "match" },
  }));
  const issue = [...query.remarks, ...(answer.remarks ?? [])];
  if (issue.length > 0)
    entry.push({ resource: { resourceType: "OperationOutcome", issue }, search: { mode: "outcome" } });
  const link = [{ relation: "self", url: address(base, type, query, query.cursor) }];
  if (next !== undefined) link.push({ relation: "next", url: address(base, type, query, next) });
  return {
    resourceType: "Bundle",
    type: "searchset",
    ...(total === undefined ? {} : { total }),
    link,
    ...(entry.length === 0 ? {} : { entry }),
  };
}

/** Versions of one resource, the newest first. @param versions oldest first */
export function historyBundle({ base }: RecordContext, versions: readonly Resource[]): Bundle {
  const entry = versions.toReversed().map((resource): BundleEntry => {
    const url = `${resource.resourceType}/${resource.id}`;
    return {
      fullUrl: `${base}/${url}`,
      resource,
      request: { method: "PUT", url },
      response: {
        status: "200",
        ...(resource.meta?.versionId ? { etag: `W/"${resource.meta.versionId}"` } : {}),
        ...(resource.meta?.lastUpdated ? { lastModified: resource.meta.lastUpdated } : {}),
      },
    };
  });
  return { resourceType: "Bundle", type: "history", total: entry.length, entry };
}

function address(base: string, type: string, query: Pick<Query, "used">, cursor: string | null): string {
  const parameters = new URLSearchParams(query.used.map(([name, value]) => [name, value]));
  if (cursor !== null) parameters.append("_cursor", cursor);
  // Readable links: these stand unescaped in a query.
  const text = parameters
    .toString()
    .replaceAll("%7C", "|")
    .replaceAll("%3A", ":")
    .replaceAll("%2C", ",")
    .replaceAll("%2F", "/");
  return `${base}${type === "" ? "" : `/${type}`}${text === "" ? "" : `?${text}`}`;
}
