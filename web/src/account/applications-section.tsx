import { Button, Table } from "@mantine/core";
import { useState } from "react";
import { Section } from "../administration/section.tsx";
import { useNow } from "../app/hooks.ts";
import { Failed, Loading } from "../app/pages.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { formatWhen } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { useEndApplication, useOwnApplications } from "./use-account.ts";

// A person's own clock, as on the rest of this page.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Applications of other makers that act for one, and what each may; nothing where there are none. */
export function ApplicationsSection() {
  const own = useOwnApplications();
  const end = useEndApplication();
  const now = useNow();
  const [ending, setEnding] = useState<{ id: string; name: string } | null>(null);
  if (own.isSuccess && own.data.length === 0) return null;
  return (
    <Section title="Applications that act for you" action={null}>
      {own.isPending ? (
        <Loading what="Loading applications" />
      ) : own.isError ? (
        <Failed error={own.error} retry={() => own.refetch()} />
      ) : (
        <Rows
          minWidth={420}
          head={
            <>
              <Table.Th>Application</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th>Until</Table.Th>
              <Table.Th aria-label="Actions" />
            </>
          }
        >
          {own.data.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td data-lead>
                <b>{one.name}</b>
                <br />
                <small>{one.scopes.join("; ")}</small>
              </Table.Td>
              <Table.Td data-label="Last used">
                {one.lastTokenAt === null ? "not lately" : formatWhen(one.lastTokenAt, now, zone)}
              </Table.Td>
              <Table.Td data-label="Until">{formatWhen(one.expiresAt, now, zone)}</Table.Td>
              <Table.Td data-do align="right">
                <Button
                  size="xs"
                  variant="default"
                  aria-label={`Take away what ${one.name} may`}
                  onClick={() => setEnding(one)}
                >
                  Take away
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
      <Confirm
        isOpen={ending !== null}
        onClose={() => setEnding(null)}
        title={`Take away what ${ending?.name ?? "it"} may`}
        action="Take away"
        isDangerous
        isPending={end.isPending}
        error={end.error}
        onConfirm={() => ending && end.mutate(ending.id, { onSuccess: () => setEnding(null) })}
      >
        <b>{ending?.name}</b> sees nothing more in your name, within a second. What it has kept of before is with its
        maker. It may ask you again.
      </Confirm>
    </Section>
  );
}
