import { Alert, Group } from "@mantine/core";
import type { MeBody } from "@openward/api";
import { Link } from "@tanstack/react-router";
import { usePasskeys } from "../account/use-account.ts";
import { useSession, useTitle } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading, Page } from "../app/pages.tsx";
import { roleWord } from "../app/permissions.ts";
import { formatBirthDate, formatDateTime } from "../parts/format.ts";
import { factWord } from "../patients/relation-words.ts";
import { useMe } from "./use-me.ts";

/** Where a patient or their family arrive: about whom these pages are, and what they may do here. */
export function HomePage() {
  useTitle("Home");
  const { principal } = useSession();
  const isBeside = principal.role === "patient" || principal.role === "family";
  const me = useMe();
  return (
    <Page title={principal.display} narrow>
      {me.isPending ? (
        <Loading />
      ) : me.isError ? (
        <Failed error={me.error} retry={() => me.refetch()} />
      ) : me.data.patients.length > 0 ? (
        me.data.patients.map((one) => <About key={one.patientId} one={one} />)
      ) : (
        <Empty title={`You are signed in as ${roleWord[principal.role].toLowerCase()}`}>
          <p>
            {isBeside
              ? "Your sign-in is not related to a patient yet. Ask the ward to relate it."
              : "Nothing is shared with you yet."}
          </p>
        </Empty>
      )}
      <PasskeyNotice />
    </Page>
  );
}

/** A link works once: whoever has no passkey will need another. */
function PasskeyNotice() {
  const { data } = usePasskeys();
  if (data === undefined || data.length > 0) return null;
  return (
    <Alert variant="light" title="You have no passkey yet" mt="md">
      <Link to="/mine/account">Make one</Link>, and you come back without a link.
    </Alert>
  );
}

function About({ one }: { readonly one: MeBody["patients"][number] }) {
  const isSelf = one.relation === "self";
  return (
    <Card padded label={one.name}>
      <h2 style={{ margin: 0 }}>{one.name}</h2>
      {one.birthDate && <p style={{ margin: "0.2rem 0" }}>{formatBirthDate(one.birthDate)}</p>}
      {one.because !== null && one.because !== "ended" ? (
        <Alert variant="light" color="gray" title={factWord[one.because]} mt="xs">
          {one.maySee ? "You see this record; a guardian decides about sharing it." : "Nothing is shown here any more."}
        </Alert>
      ) : (
        <p style={{ margin: "0.2rem 0" }}>
          {isSelf ? "This is your own record." : "You stand beside this patient."}{" "}
          {one.mayDecide ? "You decide who may see it." : "You see what is shared with you."}
        </p>
      )}
      {one.unwatchedSince !== null && (
        <Alert color="red" title="Nobody watches at the moment" mt="xs">
          Since {formatDateTime(one.unwatchedSince, one.timeZone)} nobody on the ward looks at what is measured. If
          something is wrong, call for help yourself.
        </Alert>
      )}
      {one.maySee && (
        <Group gap="md">
          <Link to="/mine/devices">Devices</Link>
          <Link to="/mine/looked">Who looked</Link>
        </Group>
      )}
      {one.maySee && one.relation !== "family" && (
        <p style={{ margin: "0.4rem 0 0" }}>
          <a href={`/api/me/patients/${one.patientId}/export`} download>
            Download everything about {isSelf ? "me" : one.name}
          </a>
          <br />
          <small>
            Measurements, corrections, alarms and who looked, as one file. It is not encrypted: keep it safe.
          </small>
        </p>
      )}
    </Card>
  );
}
