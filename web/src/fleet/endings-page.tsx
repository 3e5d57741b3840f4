import { Table } from "@mantine/core";
import { IconAlertTriangle, IconCertificate } from "@tabler/icons-react";
import { useNow, useTitle, useWards } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading, Page } from "../app/pages.tsx";
import { formatDateTime } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { SaveAs } from "../privacy/save-as.tsx";
import classes from "./fleet.module.css";
import { FleetTabs } from "./fleet-tabs.tsx";
import { useEndings } from "./use-fleet.ts";
import { endingWord, endsText, isUrgent } from "./words.ts";

/** Certificates and tokens that end within three months. */
export function EndingsPage() {
  useTitle("Renewals");
  const found = useEndings();
  const now = useNow();
  const zone = useWards().data?.[0]?.timeZone ?? "UTC";
  const rows = found.data ?? [];
  return (
    <Page title="Renewals">
      <FleetTabs />
      <p style={{ margin: "-0.2rem 0 1rem", color: "var(--ow-ink-soft)", maxWidth: "75ch" }}>
        What devices, programs and this server sign in with, and that ends within 90 days. A device renews its
        certificate itself (EST), or you give it a new one in its menu.
      </p>
      <Card>
        {found.isPending ? (
          <Loading what="Loading what ends" />
        ) : found.isError && !found.data ? (
          <Failed error={found.error} retry={() => found.refetch()} />
        ) : rows.length === 0 ? (
          <Empty title="Nothing ends soon" icon={<IconCertificate size={44} stroke={1.3} />} />
        ) : (
          <>
            <Rows
              minWidth={640}
              head={
                <>
                  <Table.Th>Ends</Table.Th>
                  <Table.Th>What</Table.Th>
                  <Table.Th>Of</Table.Th>
                  <Table.Th>Beside it</Table.Th>
                </>
              }
            >
              {rows.map((each) => (
                <Table.Tr key={`${each.kind} ${each.deviceId ?? each.display} ${each.endsAt}`}>
                  <Table.Td data-label="Ends">
                    {isUrgent(each, now) && <IconAlertTriangle size={17} aria-label="Urgent" />}{" "}
                    <b>{endsText(each.endsAt, now)}</b>
                    <br />
                    <small>{formatDateTime(each.endsAt, zone)}</small>
                  </Table.Td>
                  <Table.Td data-label="What">{endingWord[each.kind]}</Table.Td>
                  <Table.Td data-lead>
                    <b>{each.display}</b> {each.isGateway && "(gateway)"}
                    {each.deviceId !== null && <small style={{ display: "block" }}>{each.deviceId}</small>}
                  </Table.Td>
                  <Table.Td data-label="Beside it">
                    {each.isCovered ? "has something that lasts longer" : "nothing else to sign in with"}
                    {each.isInUse && each.deviceId !== null && (
                      <small style={{ display: "block" }}>on a patient now</small>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Rows>
            <div className={classes.pages}>
              <span />
              <SaveAs
                name="renewals"
                asked={{}}
                rows={rows}
                columns={[
                  ["ends", ({ endsAt }) => new Date(endsAt).toISOString()],
                  ["kind", ({ kind }) => kind],
                  ["device", ({ deviceId }) => deviceId],
                  ["display", ({ display }) => display],
                  ["covered", ({ isCovered }) => (isCovered ? "yes" : "no")],
                ]}
              />
            </div>
          </>
        )}
      </Card>
    </Page>
  );
}
