import { Table } from "@mantine/core";
import { IconDeviceWatch, IconEye } from "@tabler/icons-react";
import { Fragment } from "react";
import { GlassQueue } from "../access/glass-queue.tsx";
import { WhoLooked } from "../access/who-looked.tsx";
import { PeopleSection } from "../administration/people-section.tsx";
import { useMay, useNow, useTitle } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading, Page } from "../app/pages.tsx";
import { formatWhen } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { AppsSection } from "./apps/apps-section.tsx";
import { CalendarsSection } from "./tasks/calendars-section.tsx";
import { TasksSection } from "./tasks/tasks-section.tsx";
import { useMe, useMyDevices } from "./use-me.ts";

export { ConsentPage } from "./sharing/consent-page.tsx";

/** What the patient wears or has beside them, and whether it is heard. */
export function DevicesPage() {
  useTitle("Devices");
  const devices = useMyDevices();
  const me = useMe().data?.patients ?? [];
  const now = useNow();
  const of = (patientId: string) => me.find((one) => one.patientId === patientId);
  const zoneOf = (patientId: string) => of(patientId)?.timeZone ?? "UTC";
  return (
    <Page title="Devices" narrow>
      {devices.isPending ? (
        <Loading what="Loading devices" />
      ) : devices.isError ? (
        <Failed error={devices.error} retry={() => devices.refetch()} />
      ) : devices.data.length === 0 ? (
        <Empty title="No device measures now" icon={<IconDeviceWatch size={40} stroke={1.3} />} />
      ) : (
        <Card>
          <Rows
            minWidth={480}
            head={
              <>
                <Table.Th>Device</Table.Th>
                <Table.Th>Since</Table.Th>
                <Table.Th>Last heard</Table.Th>
                <Table.Th>Battery</Table.Th>
              </>
            }
          >
            {devices.data.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td data-lead>
                  <b>{one.display}</b>
                  <br />
                  <small>
                    {one.type}
                    {me.length > 1 && `, ${of(one.patientId)?.name ?? ""}`}
                  </small>
                </Table.Td>
                <Table.Td data-label="Since">{formatWhen(one.since, now, zoneOf(one.patientId))}</Table.Td>
                <Table.Td data-label="Last heard">
                  {one.lastSeenAt === null ? "not yet" : formatWhen(one.lastSeenAt, now, zoneOf(one.patientId))}
                  {!one.isConnected && " (not connected)"}
                </Table.Td>
                <Table.Td data-label="Battery">{one.battery === null ? "not told" : `${one.battery} %`}</Table.Td>
              </Table.Tr>
            ))}
          </Rows>
        </Card>
      )}
      {me
        .filter((one) => one.maySee)
        .map((one) => (
          <Fragment key={one.patientId}>
            <TasksSection
              patientId={one.patientId}
              title={me.length === 1 ? "To measure" : `To measure: ${one.name}`}
              isWard={false}
              mayChange={one.mayDecide}
            />
            <CalendarsSection patientId={one.patientId} zone={one.timeZone} />
            <AppsSection one={one} isOnly={me.length === 1} />
          </Fragment>
        ))}
    </Page>
  );
}

/** Who looked at the record of the patient, in plain words: of oneself, or of whom one stands beside. */
export function LookedPage() {
  useTitle("Who looked");
  const me = useMe();
  const patients = (me.data?.patients ?? []).filter((one) => one.maySee);
  return (
    <Page title="Who looked" narrow>
      {me.isPending ? (
        <Loading />
      ) : me.isError ? (
        <Failed error={me.error} retry={() => me.refetch()} />
      ) : patients.length === 0 ? (
        <Empty title="There is no record to be told about" icon={<IconEye size={40} stroke={1.3} />} />
      ) : (
        patients.map((one) => (
          <section key={one.patientId} aria-label={one.name}>
            {patients.length > 1 && <h2 style={{ margin: "0 0 0.5rem", fontSize: "1.1rem" }}>{one.name}</h2>}
            <WhoLooked
              patientId={one.patientId}
              zone={one.timeZone}
              isOwn
              note={
                <p>
                  Does something here look wrong to you? Tell the ward or the hospital&rsquo;s privacy officer who and
                  when: they can see the same, and more.
                </p>
              }
            />
          </section>
        ))
      )}
    </Page>
  );
}

/** For who watches over access without working on the ward. */
export function PeoplePage() {
  useTitle("People");
  if (!useMay("identities")) return <Empty title="Only administrators and privacy officers see who can sign in" />;
  return (
    <Page title="People">
      <PeopleSection />
    </Page>
  );
}

/** Who saw a patient in an emergency: looked at by somebody else. */
export function EmergenciesPage() {
  useTitle("Emergencies");
  if (!useMay("identities")) return <Empty title="Only administrators and privacy officers look at these" />;
  return (
    <Page title="Emergencies">
      <GlassQueue zone={Intl.DateTimeFormat().resolvedOptions().timeZone} />
    </Page>
  );
}
