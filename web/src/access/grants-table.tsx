import { Button, Table } from "@mantine/core";
import type { GrantBody } from "@openward/api";
import { type ReactNode, useState } from "react";
import { useMay, useNow } from "../app/hooks.ts";
import { formatWhen } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { EndGrant } from "./end-grant.tsx";
import { basisWord, granteeText, purposeWord, stateOf } from "./words.ts";

export interface GrantsTableProps {
  readonly grants: readonly GrantBody[];
  readonly zone: string;
  /** The first column: who may see, or whom. */
  readonly subject: "who" | "whom";
  /** Whom a grant shows, in words. */
  readonly whom: (grant: GrantBody) => string;
}

/** Grants as sentences: who, for what, because of what, until when; whoever may ends them. */
export function GrantsTable({ grants, zone, subject, whom }: GrantsTableProps) {
  const now = useNow();
  const mayEnd = useMay("admin");
  const [ending, setEnding] = useState<GrantBody | null>(null);
  return (
    <>
      <Rows
        minWidth={720}
        head={
          <>
            <Table.Th>{subject === "who" ? "Who" : "Whom"}</Table.Th>
            <Table.Th>For</Table.Th>
            <Table.Th>Because</Table.Th>
            <Table.Th>From</Table.Th>
            <Table.Th>Until</Table.Th>
            <Table.Th aria-label="Actions" />
          </>
        }
      >
        {grants.map((grant) => {
          const state = stateOf(grant, now);
          return (
            <Table.Tr key={grant.id} data-grant={grant.id} style={state === "over" ? { opacity: 0.7 } : undefined}>
              <Table.Td data-lead>
                <b>{subject === "who" ? granteeText(grant) : whom(grant)}</b>
                {subject === "who" && grant.reach.kind !== "patient" && (
                  <>
                    <br />
                    <small>sees {whom(grant)}</small>
                  </>
                )}
              </Table.Td>
              <Table.Td data-label="For">{purposeWord[grant.purpose]}</Table.Td>
              <Table.Td data-label="Because">
                {basisWord[grant.basis]}
                {grant.reason && (
                  <>
                    <br />
                    <small>{grant.reason}</small>
                  </>
                )}
                <By>
                  given by {grant.createdBy}, {formatWhen(grant.createdAt, now, zone)}
                </By>
              </Table.Td>
              <Table.Td data-label="From">
                {/* Grants of before there were any begin with the epoch. */}
                {grant.from < 1_000_000_000_000 ? "always" : formatWhen(grant.from, now, zone)}
                {state === "later" && " (not yet)"}
              </Table.Td>
              <Table.Td data-label="Until">
                {grant.endedAt !== null ? (
                  <>
                    ended {formatWhen(grant.endedAt, now, zone)}
                    <By>
                      by {grant.endedBy}
                      {grant.endReason && `: ${grant.endReason}`}
                    </By>
                  </>
                ) : grant.to === null ? (
                  "no end"
                ) : state === "over" ? (
                  `over since ${formatWhen(grant.to, now, zone)}`
                ) : (
                  formatWhen(grant.to, now, zone)
                )}
              </Table.Td>
              <Table.Td data-do align="right">
                {mayEnd && state !== "over" && (
                  <Button
                    size="xs"
                    variant="default"
                    onClick={() => setEnding(grant)}
                    aria-label={`End ${purposeWord[grant.purpose].toLowerCase()} of ${granteeText(grant)}`}
                  >
                    End
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Rows>
      {ending && <EndGrant grant={ending} whom={whom(ending)} onClose={() => setEnding(null)} />}
    </>
  );
}

const By = ({ children }: { readonly children: ReactNode }) => (
  <>
    <br />
    <small style={{ color: "var(--ow-ink-soft)" }}>{children}</small>
  </>
);
